# Holds the system libraries in the package files against those that rustc names for the archive.
#   cmake -DEXPECTED="gcc_s …" -P CheckStaticLibs.cmake -- COMMAND OF THE BUILD

set(command "")
set(seen FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(seen)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
    set(seen TRUE)
  endif()
endforeach()

execute_process(COMMAND ${command} ERROR_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
if(NOT said MATCHES "native-static-libs: ([^\n]+)")
  message(FATAL_ERROR "rustc named no libraries:\n${said}")
endif()
string(REPLACE "-l" "" named "${CMAKE_MATCH_1}")
if(NOT named STREQUAL EXPECTED)
  message(FATAL_ERROR "rustc wants '${named}', the package files say '${EXPECTED}': "
    "write rustc's list into static_system_libs in cmake/CargoBuild.cmake")
endif()
message(STATUS "both say: ${named}")
