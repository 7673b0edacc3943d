# Writes OUT: the manifest MANIFEST with "file" and "sha256" of LIBRARY filled in.
file(SHA256 ${LIBRARY} digest)
get_filename_component(name ${LIBRARY} NAME)
file(READ ${MANIFEST} text)
string(JSON text SET "${text}" "file" "\"${name}\"")
string(JSON text SET "${text}" "sha256" "\"${digest}\"")
file(WRITE ${OUT} "${text}\n")
