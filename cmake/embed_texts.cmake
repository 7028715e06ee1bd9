# SPDX-License-Identifier: Apache-2.0
# Writes the data files of a folder into a C++ file as a function of passport/rules/embedded_texts.h:
# cmake -DDIR=folder -DOUT=file -DFUNCTION=name -P embed_texts.cmake
file(GLOB files ${DIR}/*.textproto)
list(SORT files)
set(code "// Made by cmake/embed_texts.cmake.\n#include \"passport/rules/embedded_texts.h\"\n\n")
string(APPEND code "namespace meguri::passport {\n\nabsl::Span<const EmbeddedText> ${FUNCTION}() {\n")
string(APPEND code "  static constexpr EmbeddedText kTexts[] = {\n")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND code "      {\"${name}\", R\"embedded(${text})embedded\"},\n")
endforeach()
string(APPEND code "  };\n  return kTexts;\n}\n\n}  // namespace meguri::passport\n")
file(WRITE ${OUT} "${code}")
