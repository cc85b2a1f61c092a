// Mach's task_info, from the Kernel framework's documentation (developer.apple.com/documentation/kernel/task_vm_info_data_t). The fields that
// the harness reads, not the layout.
#pragma once

#include <stdint.h>

typedef int kern_return_t;
typedef unsigned int mach_port_t;
typedef unsigned int mach_msg_type_number_t;
typedef int* task_info_t;
typedef unsigned int task_flavor_t;

struct task_vm_info {
  uint64_t phys_footprint;
  int64_t ledger_phys_footprint_peak;
};
typedef struct task_vm_info task_vm_info_data_t;

#define KERN_SUCCESS 0
#define TASK_VM_INFO 22
#define TASK_VM_INFO_COUNT ((mach_msg_type_number_t)(sizeof(task_vm_info_data_t) / sizeof(int)))
#define TASK_VM_INFO_REV1_COUNT 2U
#define TASK_VM_INFO_REV3_COUNT 4U

extern "C" mach_port_t mach_task_self_;
#define mach_task_self() mach_task_self_
extern "C" kern_return_t task_info(mach_port_t task, task_flavor_t flavor, task_info_t info, mach_msg_type_number_t* count);

// host_statistics, from developer.apple.com/documentation/kernel/1502863-host_statistics.
typedef int* host_info_t;
typedef int host_flavor_t;
#define CPU_STATE_IDLE 2
#define CPU_STATE_MAX 4
struct host_cpu_load_info {
  unsigned int cpu_ticks[CPU_STATE_MAX];
};
typedef struct host_cpu_load_info host_cpu_load_info_data_t;
#define HOST_CPU_LOAD_INFO 3
#define HOST_CPU_LOAD_INFO_COUNT ((mach_msg_type_number_t)(sizeof(host_cpu_load_info_data_t) / sizeof(int)))
extern "C" mach_port_t mach_host_self(void);
extern "C" kern_return_t host_statistics(mach_port_t host, host_flavor_t flavor, host_info_t info, mach_msg_type_number_t* count);
