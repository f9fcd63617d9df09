# Installs into one prefix and moves it to another, so that a path that was written down shows.
#   cmake -DBUILD_DIR=… -DSTAGE=… -P StageMovedPrefix.cmake

file(REMOVE_RECURSE "${STAGE}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${STAGE}/first"
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(MAKE_DIRECTORY "${STAGE}/some/where")
file(RENAME "${STAGE}/first" "${STAGE}/some/where/else")
