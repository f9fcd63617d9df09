# The header alone: one file that includes nothing else, in every language it is promised for, with
# every compiler that is there; and two files of one program that both include it.

find_program(CLANG clang)
find_program(CLANGXX clang++)
set(strict -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "${PROJECT_SOURCE_DIR}/include")

function(add_header_tests language source compilers standards)
  get_filename_component(extension "${source}" EXT)
  foreach(compiler IN LISTS compilers)
    get_filename_component(compiler_name "${compiler}" NAME)
    foreach(standard IN LISTS standards)
      add_test(NAME header${extension}.${compiler_name}.${standard}
        COMMAND "${compiler}" -x ${language} -std=${standard} ${strict}
                "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
    endforeach()
  endforeach()
endfunction()

set(c_compilers "${CMAKE_C_COMPILER}")
set(cxx_compilers "${CMAKE_CXX_COMPILER}")
if(CLANG AND CLANGXX)
  list(APPEND c_compilers "${CLANG}")
  list(APPEND cxx_compilers "${CLANGXX}")
endif()
add_header_tests(c header_alone.c "${c_compilers}" "c99;c11;c2x;gnu2x")
add_header_tests(c++ header_alone.c "${cxx_compilers}" "c++11;c++17;c++20")
add_header_tests(c++ header_alone.cpp "${cxx_compilers}" "c++17;c++20")

add_executable(header_twice header_twice_a.c header_twice_b.c header_twice_c.cpp)
target_link_libraries(header_twice PRIVATE test_options cloudsync::cloudsync)
add_test(NAME header_twice COMMAND header_twice)

set(check_exports "-DEXPORTS=${PROJECT_SOURCE_DIR}/abi/exports.txt"
  "-DHEADER=${PROJECT_SOURCE_DIR}/include/cloudsync.h" "-DNM=${CMAKE_NM}"
  -P "${PROJECT_SOURCE_DIR}/cmake/CheckExports.cmake")
add_test(NAME exports COMMAND ${CMAKE_COMMAND} "-DLIBRARY=${shared_library}" -DDYNAMIC=-D
  ${check_exports})
add_test(NAME soname COMMAND ${CMAKE_COMMAND} "-DLIBRARY=${shared_library}" "-DSONAME=${soname}"
  "-DREADELF=${CMAKE_READELF}" -P "${PROJECT_SOURCE_DIR}/cmake/CheckDynamic.cmake")
