# Whether the README says what is so: its C is examples/quickstart.c, word for word, and the files and commands
# that it names are there.
#   cmake -DREADME=… -DFOLDER=… -P CheckReadme.cmake

file(READ "${README}" readme)
file(READ "${FOLDER}/examples/quickstart.c" quickstart)
string(FIND "${readme}" "```c\n${quickstart}```\n" found)
if(found EQUAL -1)
  message(SEND_ERROR "${README} does not quote examples/quickstart.c as it is")
endif()

# Links to files, as in [name](path); CMake's lists cannot hold a lone bracket.
string(REPLACE "](" "<link>(" linked "${readme}")
string(REPLACE "[" "" linked "${linked}")
string(REGEX MATCHALL "<link>\\([^)#:]+\\)" links "${linked}")
foreach(link IN LISTS links)
  string(REGEX REPLACE "^<link>\\((.*)\\)$" "\\1" path "${link}")
  if(NOT EXISTS "${FOLDER}/${path}")
    message(SEND_ERROR "${README} links to ${path}, which is not there")
  endif()
endforeach()

file(READ "${FOLDER}/dev" dev)
string(REGEX MATCHALL "\\./dev [a-z]+" commands "${readme}")
foreach(command IN LISTS commands)
  string(REPLACE "./dev " "" command "${command}")
  if(NOT dev MATCHES "\n${command}\\)")
    message(SEND_ERROR "${README} names ./dev ${command}, which dev does not know")
  endif()
endforeach()
