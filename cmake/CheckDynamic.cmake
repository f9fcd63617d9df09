# What the dynamic section of the built library must say, and must not.
#   cmake -DLIBRARY=… -DSONAME=… -DREADELF=… -P CheckDynamic.cmake

execute_process(COMMAND "${READELF}" -dW "${LIBRARY}" OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${READELF}" -lW "${LIBRARY}" OUTPUT_VARIABLE segments COMMAND_ERROR_IS_FATAL ANY)

foreach(wanted IN ITEMS "SONAME[^\n]*\\[${SONAME}\\]" "FLAGS_1[^\n]*NODELETE")
  if(NOT dynamic MATCHES "${wanted}")
    message(SEND_ERROR "${LIBRARY} lacks '${wanted}':\n${dynamic}")
  endif()
endforeach()
foreach(unwanted IN ITEMS TEXTREL RPATH RUNPATH "NEEDED[^\n]*sqlite")
  if(dynamic MATCHES "${unwanted}")
    message(SEND_ERROR "${LIBRARY} has '${unwanted}':\n${dynamic}")
  endif()
endforeach()
if(segments MATCHES "GNU_STACK[^\n]*RWE")
  message(SEND_ERROR "${LIBRARY} asks for an executable stack")
endif()
