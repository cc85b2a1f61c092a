# What farm-runtime links of ExecuTorch. Backends and kernels register themselves when they are loaded: they must be linked although
# no symbol of theirs is named. Their headers are not held to our warnings.
find_package(executorch CONFIG REQUIRED)
if(NOT APPLE)
  target_link_options(farm-runtime PUBLIC LINKER:--no-as-needed)
endif()

if(TARGET executorch::runtime)
  # The wheel's package: shared libraries under names of their own.
  set(parts runtime kernels_optimized kernels_quantized backend_xnnpack threadpool)
  list(TRANSFORM parts PREPEND executorch::)
  target_link_libraries(farm-runtime PUBLIC ${parts})
else()
  # An install of a build of your own, as with the NDK: static libraries under the names of ExecuTorch's build.
  set(registered optimized_native_cpu_ops_lib quantized_ops_lib xnnpack_backend)
  set(parts executorch extension_data_loader extension_tensor extension_threadpool ${registered})
  foreach(part ${parts})
    if(NOT TARGET ${part})
      message(FATAL_ERROR "this build of ExecuTorch has no ${part}: build it with -DEXECUTORCH_BUILD_XNNPACK=ON "
        "-DEXECUTORCH_BUILD_KERNELS_OPTIMIZED=ON -DEXECUTORCH_BUILD_KERNELS_QUANTIZED=ON -DEXECUTORCH_BUILD_EXTENSION_DATA_LOADER=ON "
        "-DEXECUTORCH_BUILD_EXTENSION_TENSOR=ON and install it")
    endif()
  endforeach()
  foreach(part coremldelegate mpsdelegate)  # Apple's delegates, where that build has them
    if(TARGET ${part})
      list(APPEND registered ${part})
    endif()
  endforeach()
  foreach(part ${registered})
    target_link_libraries(farm-runtime PUBLIC "$<LINK_LIBRARY:WHOLE_ARCHIVE,${part}>")
  endforeach()
  target_link_libraries(farm-runtime PUBLIC executorch extension_data_loader extension_tensor extension_threadpool)
endif()

foreach(part ${parts})
  get_target_property(includes ${part} INTERFACE_INCLUDE_DIRECTORIES)
  if(includes)
    target_include_directories(farm-runtime SYSTEM PUBLIC ${includes})
  endif()
endforeach()
