# Three lists that must be one: what the built library exports, what abi/exports.txt says was
# reviewed, and what the header declares.
#   cmake -DLIBRARY=… [-DDYNAMIC=-D] -DEXPORTS=… -DHEADER=… -DNM=… -P CheckExports.cmake
# DYNAMIC for a shared library; without it, an archive.

file(STRINGS "${EXPORTS}" reviewed REGEX "^[a-z]")
list(SORT reviewed)

execute_process(COMMAND "${NM}" ${DYNAMIC} --defined-only --extern-only "${LIBRARY}"
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" symbols "${symbols}")
list(FILTER symbols EXCLUDE REGEX ":$") # the name of an archive's member
list(TRANSFORM symbols REPLACE "^.* " "")
list(TRANSFORM symbols REPLACE "@.*$" "")
list(SORT symbols)

# A declaration is `name(` outside comments, directives and pointers to functions, `(*name)(`; a
# macro such as static_assert is followed by no name of ours.
file(READ "${HEADER}" header)
string(REPLACE ";" " \n" header "${header}")
string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" " " header "${header}")
string(REGEX REPLACE "//[^\n]*" " " header "${header}")
string(REGEX REPLACE "\\\\\n" " " header "${header}")
string(REGEX REPLACE "(^|\n)[ \t]*#[^\n]*" "\n" header "${header}")
string(REGEX MATCHALL "[ *\n][a-z][a-z0-9_]*\\(" declared "${header}")
list(TRANSFORM declared REPLACE "[ *\n(]" "")
list(FILTER declared EXCLUDE REGEX "^(static_assert|sizeof|offsetof|alignof)$")
list(SORT declared)

function(compare what list)
  set(missing ${reviewed})
  set(extra ${list})
  list(REMOVE_ITEM missing ${list})
  list(REMOVE_ITEM extra ${reviewed})
  if(missing OR extra)
    string(REPLACE ";" " " missing "${missing}")
    string(REPLACE ";" " " extra "${extra}")
    message(SEND_ERROR "${what} and ${EXPORTS} differ.\n  missing: ${missing}\n  not in the list: ${extra}")
  endif()
endfunction()
compare("${LIBRARY}" "${symbols}")
compare("${HEADER}" "${declared}")
list(LENGTH reviewed count)
message(STATUS "${count} exports agree")
