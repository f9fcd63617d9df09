# Makes an archive of which a program sees the reviewed exports and nothing else. As cargo leaves it,
# every symbol of Rust's standard library and of SQLite is in the program's way.
#   cmake -DIN=… -DOUT=… -DEXPORTS=… -DLINKER=… -DOBJCOPY=… -DAR=… -P LocalizeArchive.cmake

if(EXISTS "${OUT}" AND NOT "${IN}" IS_NEWER_THAN "${OUT}" AND NOT "${EXPORTS}" IS_NEWER_THAN "${OUT}")
  return()
endif()

file(STRINGS "${EXPORTS}" exports REGEX "^[a-z]")
list(TRANSFORM exports PREPEND "--undefined=" OUTPUT_VARIABLE wanted)
string(REPLACE ";" "\n" keep "${exports}")
file(WRITE "${OUT}.keep" "${keep}\n")

# One object of all that the exports need; without rustc's bitcode, which no other linker reads.
execute_process(COMMAND "${LINKER}" -r ${wanted} "${IN}" -o "${OUT}.o" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${OBJCOPY}" --remove-section=.llvmbc --remove-section=.llvmcmd
  "--keep-global-symbols=${OUT}.keep" "${OUT}.o" COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE "${OUT}")
execute_process(COMMAND "${AR}" crs "${OUT}" "${OUT}.o" COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE "${OUT}.o" "${OUT}.keep")
