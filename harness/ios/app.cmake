# The app FarmHarness. Made by Xcode's generator only: nothing else signs it.
#
#   -DFARM_TEAM=ID               the development team that signs it (ten letters and digits); empty: unsigned
#   -DFARM_BUNDLE=ID             its identifier
#   -DFARM_ENTITLEMENTS=FILE     such as one with com.apple.developer.kernel.increased-memory-limit
set(FARM_TEAM "" CACHE STRING "development team")
set(FARM_BUNDLE "org.phonefarm.harness" CACHE STRING "bundle identifier")
set(FARM_ENTITLEMENTS "" CACHE FILEPATH "entitlements")

set(FARM_RUNTIMES_PLIST "")
foreach(name ${FARM_RUNTIME})
  if(name STREQUAL "executorch")
    set(version "${FARM_EXECUTORCH_VERSION}")
  elseif(name STREQUAL "coreml")
    set(version "of the system")
  else()
    set(version "1")
  endif()
  string(APPEND FARM_RUNTIMES_PLIST
    "    <key>${name}</key>\n"
    "    <dict><key>version</key><string>${version}</string><key>source_hash</key><string>${FARM_SOURCE_HASH}</string></dict>\n")
endforeach()
configure_file(ios/Info.plist.in Info.plist @ONLY)

add_executable(farm-harness MACOSX_BUNDLE ios/main.mm ios/device_state.mm ios/app.cpp src/harness.cpp)
set_source_files_properties(ios/main.mm ios/device_state.mm PROPERTIES COMPILE_OPTIONS -fobjc-arc)
target_include_directories(farm-harness PRIVATE ios)
target_compile_definitions(farm-harness PRIVATE ${FARM_FACTS})
target_link_libraries(farm-harness PRIVATE farm-runtime farm-core "-framework UIKit" "-framework Foundation")
set_target_properties(farm-harness PROPERTIES
  OUTPUT_NAME FarmHarness
  MACOSX_BUNDLE_INFO_PLIST "${CMAKE_CURRENT_BINARY_DIR}/Info.plist"
  XCODE_ATTRIBUTE_PRODUCT_BUNDLE_IDENTIFIER "${FARM_BUNDLE}"
  XCODE_ATTRIBUTE_TARGETED_DEVICE_FAMILY "1,2"
  XCODE_ATTRIBUTE_ENABLE_BITCODE NO)
if(FARM_TEAM)
  set_target_properties(farm-harness PROPERTIES
    XCODE_ATTRIBUTE_DEVELOPMENT_TEAM "${FARM_TEAM}"
    XCODE_ATTRIBUTE_CODE_SIGN_STYLE Automatic)
else()
  set_target_properties(farm-harness PROPERTIES XCODE_ATTRIBUTE_CODE_SIGNING_ALLOWED NO)
endif()
if(FARM_ENTITLEMENTS)
  set_target_properties(farm-harness PROPERTIES XCODE_ATTRIBUTE_CODE_SIGN_ENTITLEMENTS "${FARM_ENTITLEMENTS}")
endif()
