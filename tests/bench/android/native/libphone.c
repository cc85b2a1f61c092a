// Loaded into every process of a bench phone: keeps its sockets on the loopback, starts arm64 programs under qemu, says which
// machine this is.
//
// A port that a process of the phone binds is a free one of the host's; the port that was asked for and the one that was given
// are in /bench/ports/ASKED, so that many phones on one host can each have an adbd on port 5555.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LIBRARY "/system/lib64/libphone.so"
#define QEMU "/system/bin/qemu-aarch64"
enum { MAX_ARGUMENTS = 1024 };

static void write_port(unsigned asked, unsigned given) {
  char path[64], text[16];
  snprintf(path, sizeof path, "/bench/ports/%u.new", asked);
  const int length = snprintf(text, sizeof text, "%u\n", given);
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return;
  const int complete = write(file, text, (size_t)length) == length;
  close(file);
  char final[64];
  snprintf(final, sizeof final, "/bench/ports/%u", asked);
  if (complete) rename(path, final);
}

int bind(int socket, const struct sockaddr* address, socklen_t size) {
  int (*real)(int, const struct sockaddr*, socklen_t) = (int (*)(int, const struct sockaddr*, socklen_t))dlsym(RTLD_NEXT, "bind");
  struct sockaddr_storage own;
  if (size > sizeof own) return real(socket, address, size);
  memcpy(&own, address, size);
  unsigned asked = 0;
  if (own.ss_family == AF_INET) {
    struct sockaddr_in* v4 = (struct sockaddr_in*)&own;
    asked = ntohs(v4->sin_port);
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v4->sin_port = 0;
  } else if (own.ss_family == AF_INET6) {
    // 127.0.0.1 as a v6 address: reached by v4 clients, and by none from outside.
    struct sockaddr_in6* v6 = (struct sockaddr_in6*)&own;
    asked = ntohs(v6->sin6_port);
    const int both = 0;
    setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof both);
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &v6->sin6_addr);
    v6->sin6_port = 0;
  }
  const int result = real(socket, (struct sockaddr*)&own, size);
  if (result == 0 && asked != 0) {
    socklen_t length = sizeof own;
    if (getsockname(socket, (struct sockaddr*)&own, &length) == 0)
      write_port(asked, ntohs(own.ss_family == AF_INET ? ((struct sockaddr_in*)&own)->sin_port : ((struct sockaddr_in6*)&own)->sin6_port));
  }
  return result;
}

int uname(struct utsname* name) {
  const long result = syscall(SYS_uname, name);
  const char* machine = getenv("BENCH_MACHINE");
  if (result == 0 && machine != NULL) snprintf(name->machine, sizeof name->machine, "%s", machine);
  const char* release = getenv("BENCH_KERNEL");
  if (result == 0 && release != NULL) snprintf(name->release, sizeof name->release, "%s", release);
  return (int)result;
}

// The machine of an ELF file, 0 for anything else.
static int elf_machine(const char* path) {
  Elf64_Ehdr header;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t length = read(file, &header, sizeof header);
  close(file);
  return length == (ssize_t)sizeof header && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 ? header.e_machine : 0;
}

// A copy of the environment in which this library, and no other, is preloaded; or none, when the program is not the phone's own.
static char** environment(char* const given[], int preloaded) {
  size_t count = 0, kept = 0;
  while (given != NULL && given[count] != NULL) ++count;
  char** copy = malloc((count + 2) * sizeof *copy);
  if (copy == NULL) return NULL;
  for (size_t i = 0; i < count; ++i)
    if (strncmp(given[i], "LD_PRELOAD=", 11) != 0) copy[kept++] = given[i];
  if (preloaded) copy[kept++] = (char*)"LD_PRELOAD=" LIBRARY;
  copy[kept] = NULL;
  return copy;
}

int execve(const char* path, char* const arguments[], char* const given[]) {
  const int machine = elf_machine(path);
  const int own = strncmp(path, "/data/", 6) != 0 && path[0] == '/';
  char** variables = environment(given, machine == 0 || own);
  if (variables == NULL) return -1;
  if (machine != EM_AARCH64 || access(path, X_OK) != 0) {
    syscall(SYS_execve, path, arguments, variables);
    const int reason = errno;
    free(variables);
    errno = reason;
    return -1;
  }
  // qemu 7.2 computes wrong int8 results with SME.
  const char* line[MAX_ARGUMENTS] = {"qemu-aarch64", "-cpu", "max,sme=off", "-0", arguments[0], path};
  size_t at = 6;
  for (size_t i = 1; arguments[0] != NULL && arguments[i] != NULL; ++i) {
    if (at + 1 >= MAX_ARGUMENTS) {
      free(variables);
      errno = E2BIG;
      return -1;
    }
    line[at++] = arguments[i];
  }
  char** clean = environment(variables, 0);
  syscall(SYS_execve, QEMU, line, clean);
  free(clean);
  free(variables);
  return -1;
}

extern char** environ;

int execv(const char* path, char* const arguments[]) { return execve(path, arguments, environ); }

int execvpe(const char* name, char* const arguments[], char* const variables[]) {
  if (strchr(name, '/') != NULL) return execve(name, arguments, variables);
  const char* search = getenv("PATH");
  int reason = ENOENT;
  for (const char* at = search != NULL ? search : "/system/bin"; at != NULL;) {
    const char* end = strchrnul(at, ':');
    char path[4096];
    snprintf(path, sizeof path, "%.*s/%s", (int)(end - at), at, name);
    execve(path, arguments, variables);
    if (errno != ENOENT && errno != ENOTDIR) reason = errno;
    at = *end == ':' ? end + 1 : NULL;
  }
  errno = reason;
  return -1;
}

int execvp(const char* name, char* const arguments[]) { return execvpe(name, arguments, environ); }

int execle(const char* path, const char* first, ...) {
  char* arguments[MAX_ARGUMENTS] = {(char*)first};
  size_t count = 1;
  va_list rest;
  va_start(rest, first);
  while (count < MAX_ARGUMENTS && (arguments[count] = va_arg(rest, char*)) != NULL) ++count;
  char** variables = va_arg(rest, char**);
  va_end(rest);
  return execve(path, arguments, variables);
}
