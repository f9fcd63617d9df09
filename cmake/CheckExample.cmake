# Runs an example in a scratch directory and looks at what it left behind.
#   cmake -DPROGRAM=… -DSCRATCH=… -DEXAMPLE=quickstart|gallery_backup|vendor_cloud -P CheckExample.cmake

file(REMOVE_RECURSE "${SCRATCH}")
file(MAKE_DIRECTORY "${SCRATCH}/photos/An album")
foreach(i RANGE 9)
  file(WRITE "${SCRATCH}/photos/IMG_${i}.jpg" "photo ${i}")
  file(WRITE "${SCRATCH}/photos/An album/IMG_${i} % & ä.jpg" "another photo, number ${i}")
endforeach()

# run(CODE WHAT ARGUMENT…): the example must end with CODE and say WHAT.
function(run code what)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env "TMPDIR=${SCRATCH}" "${PROGRAM}" ${ARGN}
    WORKING_DIRECTORY "${SCRATCH}" RESULT_VARIABLE ended OUTPUT_VARIABLE said ERROR_VARIABLE complained)
  if(NOT ended EQUAL code OR NOT "${said}${complained}" MATCHES "${what}")
    message(SEND_ERROR "${PROGRAM} ${ARGN} ended with ${ended}, not ${code}, or did not say '${what}':\n${said}${complained}")
  endif()
endfunction()

if(EXAMPLE STREQUAL "quickstart")
  run(0 "state 4, files moved: 20")
  run(0 "state 4, files moved: 0")
  file(REMOVE_RECURSE "${SCRATCH}/photos" "${SCRATCH}/state")
  run(1 "no such file")
elseif(EXAMPLE STREQUAL "vendor_cloud")
  run(0 "12 files, compared byte by byte, equal")
else()
  run(0 "Where to look" "${SCRATCH}/photos")
  file(GLOB demo "${SCRATCH}/gallery-backup-*")
  file(GLOB_RECURSE files "${demo}/phone/gallery/*")
  list(FILTER files EXCLUDE REGEX "/\\.cloudsync/") # the library's own
  list(LENGTH files count)
  if(NOT count EQUAL 21) # the photos, and the other version of one
    message(SEND_ERROR "${count} files in ${demo}/phone/gallery")
  endif()
  file(GLOB_RECURSE files "${SCRATCH}/photos/*")
  list(LENGTH files count)
  if(NOT count EQUAL 20)
    message(SEND_ERROR "the demo changed the folder that it was given")
  endif()
  run(1 "what to do:" "${SCRATCH}/not there")
  run(1 "what to do:" "${SCRATCH}/state")
  file(REMOVE_RECURSE "${demo}")
endif()
