{
  "targets": [
    {
      "target_name": "bpfcast",
      "sources": ["addon.cc", "attach.cc", "child.cc", "error.cc", "log.cc", "maps.cc", "object.cc", "probe.cc", "ring.cc", "types.cc"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["<!@(pkg-config --cflags libbpf)", "-Wall", "-Wextra"],
      "cflags_cc": ["-std=c++17", "-fvisibility=hidden", "-fno-exceptions"],
      "libraries": ["<!@(pkg-config --libs libbpf)"]
    }
  ]
}
