// Loads of exactly known size for the tracing tools: `tool-load KIND COUNT [ARGUMENT]`. Every kind makes COUNT events that one of
// the tools counts or prints, from a process named "tool-load".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT 8765
static const char *argument;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void rest(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  syscall(SYS_nanosleep, &time, 0);
}

static void block_reads(long count) {
  void *block;
  int disk = open(argument, O_RDONLY | O_DIRECT);
  if (disk < 0 || posix_memalign(&block, 4096, 4096)) fail(argument);
  for (long i = 0; i < count; i++)
    if (pread(disk, block, 4096, i * 65536) != 4096) fail("pread");
}

/* Writes through the page cache of a device, then syncs it: one pass of the writeback thread or more. */
static void dirty_pages(long count) {
  char block[4096] = "dirty";
  int disk = open(argument, O_RDWR);
  if (disk < 0) fail(argument);
  for (long i = 0; i < count; i++)
    if (pwrite(disk, block, sizeof block, i * 65536) != sizeof block) fail("pwrite");
  sync();
}

/* An interactive shell on a terminal of its own: readline() is called for every line. */
static void shell_lines(long count) {
  int terminal;
  char bytes[4096];
  pid_t child = forkpty(&terminal, 0, 0, 0);
  if (child < 0) fail("forkpty");
  if (child == 0) {
    setenv("TERM", "dumb", 1);
    execl("/bin/bash", "bash", "--norc", "--noprofile", "-i", (char *)0);
    _exit(127);
  }
  rest(1500);
  for (long i = 0; i < count; i++) {
    if (write(terminal, "echo bpfcast\n", 13) != 13) fail("write");
    rest(400);
    if (read(terminal, bytes, sizeof bytes) <= 0) fail("read");
  }
  if (write(terminal, "exit\n", 5) != 5) fail("write");
  waitpid(child, 0, 0);
}

static void change_root(long count) {
  while (count--)
    if (chroot("/")) fail("chroot");
}

static void burn(long count) {
  for (time_t end = time(0) + count; time(0) < end;)
    for (volatile int i = 0; i < 100000; i++);
}

static void look_up(long count) {
  while (count--) access("/tmp/bpfcast-missing", F_OK);
}

static void execute(long count) {
  /* On the stack: a child has no page of its program's constants yet, and a tracer cannot wait for one. */
  char program[] = "/bin/true", first[] = "bpfcast", second[] = "argument", *words[] = {program, first, second, 0};
  while (count--) {
    pid_t child = fork();
    if (child == 0) execv(program, words);
    waitpid(child, 0, 0);
  }
}

static void fork_only(long count) {
  while (count--) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, 0, 0);
  }
}

static void resolve(long count) {
  while (count--) {
    struct addrinfo *found = 0;
    if (getaddrinfo("localhost", 0, 0, &found)) exit(1);
    freeaddrinfo(found);
  }
}

static void send_signals(long count) {
  signal(SIGUSR1, SIG_IGN);
  while (count--) {
    kill(getpid(), SIGUSR1);
    kill(4194303, SIGTERM);
  }
}

static void nap(long count) {
  while (count--) rest(250);
}

/* A child that takes more memory than its control group has: one kill. The count is in MiB. */
static void eat(long count) {
  char *bytes = mmap(0, count << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (long i = 0; i < count << 20; i += 4096) bytes[i] = (char)(i >> 12);
  for (long i = 0; i < count << 20; i += 4096)
    if (bytes[i] != (char)(i >> 12)) exit(2);
}

static void open_missing(long count) {
  while (count--) syscall(SYS_openat, AT_FDCWD, "/no/such/bpfcast", O_RDONLY);
}

static void ping_pong(long count) {
  int there[2], back[2];
  char byte = 'x';
  if (pipe(there) || pipe(back)) fail("pipe");
  if (fork() == 0) {
    for (long i = 0; i < count; i++)
      if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  for (long i = 0; i < count; i++)
    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) fail("pipe");
  wait(0);
}

static void set_ids(long count) {
  while (count--) {
    syscall(SYS_setuid, 0);
    syscall(SYS_setresuid, 0, 0, 0);
    syscall(SYS_setfsuid, 0);
  }
}

static void stat_missing(long count) {
  char space[4096];
  while (count--) {
    syscall(SYS_stat, "/no/such/bpfcast", space);
    syscall(SYS_statfs, "/proc", space);
  }
}

static void synchronise(long count) {
  int file = open("/dev/shm/bpfcast-sync", O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, 4096)) fail("sync file");
  void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  while (count--) {
    fsync(file);
    fdatasync(file);
    msync(page, 4096, MS_SYNC);
    syncfs(file);
  }
  unlink("/dev/shm/bpfcast-sync");
}

static void parent_ids(long count) {
  while (count--) syscall(SYS_getppid);
}

static int listener(int family, int backlog) {
  int server = socket(family, SOCK_STREAM, 0), yes = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = in6addr_loopback};
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int bad = family == AF_INET ? bind(server, (void *)&four, sizeof four) : bind(server, (void *)&six, sizeof six);
  if (bad || listen(server, backlog)) fail("listen");
  return server;
}

static int connection(int family) {
  int client = socket(family, SOCK_STREAM, 0);
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = in6addr_loopback};
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (family == AF_INET ? connect(client, (void *)&four, sizeof four) : connect(client, (void *)&six, sizeof six)) fail("connect");
  return client;
}

/* Connections that carry 8 KiB from the client to the server. */
static void connect_each(int family, long count) {
  char bytes[8192] = "data";
  int server = listener(family, 16);
  while (count--) {
    int client = connection(family), accepted = accept(server, 0, 0);
    if (write(client, bytes, sizeof bytes) != sizeof bytes) fail("write");
    for (size_t got = 0; got < sizeof bytes;) got += read(accepted, bytes, sizeof bytes);
    close(client);
    rest(20);
    close(accepted);
    rest(20);
  }
}
static void connect_four(long count) { connect_each(AF_INET, count); }
static void connect_six(long count) { connect_each(AF_INET6, count); }

/* A receiver whose socket filter takes nothing: what is sent is dropped, and sent again until COUNT tenths of a second are over. */
static void drop_segments(long count) {
  struct sock_filter none[] = {{BPF_RET | BPF_K, 0, 0, 0}};
  struct sock_fprog filter = {1, none};
  int server = listener(AF_INET, 16), client = connection(AF_INET), accepted = accept(server, 0, 0);
  if (setsockopt(accepted, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter)) fail("filter");
  if (write(client, "lost", 4) != 4) fail("write");
  rest(count * 100);
  struct tcp_info info;
  socklen_t length = sizeof info;
  getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &length);
  printf("retransmitted %u\n", info.tcpi_total_retrans);
  fflush(stdout);
  _exit(0);
}

static void loopback(int up) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = up ? IFF_UP | IFF_RUNNING | IFF_LOOPBACK : IFF_LOOPBACK};
  if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request)) fail("loopback");
}

/* Connections whose route goes away before anything is sent: one segment each is dropped on its way out. */
static void lose_route(long count) {
  int server = listener(AF_INET, 64), clients[64];
  for (long i = 0; i < count; i++) {
    clients[i] = connection(AF_INET);
    accept(server, 0, 0);
  }
  rest(100);
  loopback(0);
  for (long i = 0; i < count; i++)
    if (write(clients[i], "lost", 4) != 4) fail("write");
  rest(100);
  loopback(1);
  _exit(0);
}

__attribute__((noinline)) void *thread_of_the_load(void *unused) { return unused; }

static void threads(long count) {
  while (count--) {
    pthread_t thread;
    if (pthread_create(&thread, 0, thread_of_the_load, 0)) exit(1);
    pthread_join(thread, 0);
  }
  rest(1500); /* so that the address can still be named */
}

static void unix_packets(long count) {
  int pair[2];
  char bytes[64];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) fail("socketpair");
  while (count--)
    if (write(pair[0], "bpfcast\x01packet", 14) != 14 || read(pair[1], bytes, sizeof bytes) != 14) fail("packet");
}

static void file_calls(long count) {
  char bytes[16];
  int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
  while (count--)
    if (read(zero, bytes, 16) != 16 || write(null, bytes, 16) != 16) fail("read");
}

/* Files made, written, synced and read back in a folder: one open, write, fsync and read each. */
static void files(long count) {
  char path[4096], bytes[512] = "text";
  while (count--) {
    snprintf(path, sizeof path, "%s/file-%ld", argument, count);
    int file = open(path, O_RDWR | O_CREAT, 0600);
    if (file < 0 || write(file, bytes, 512) != 512 || fsync(file) || lseek(file, 0, SEEK_SET) || read(file, bytes, 512) != 512) fail(path);
    close(file);
  }
}

static void sync_device(long count) {
  int device = open(argument, O_RDWR);
  char block[4096] = "x";
  if (device < 0) fail(argument);
  while (count--)
    if (pwrite(device, block, sizeof block, count * 4096) != sizeof block || fsync(device)) fail("fsync");
}

/* A handshake in memory with anonymous keys, then COUNT messages, through the system's libssl (OpenSSL manual, BIO_s_bio(3)). */
static void tls(long count) {
  void *ssl = dlopen("libssl.so.3", RTLD_NOW | RTLD_GLOBAL), *crypto = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_GLOBAL);
  if (!ssl || !crypto) exit(1);
  void *(*method)(void) = dlsym(ssl, "TLS_method");
  void *(*new_context)(void *) = dlsym(ssl, "SSL_CTX_new");
  int (*set_ciphers)(void *, const char *) = dlsym(ssl, "SSL_CTX_set_cipher_list");
  long (*control)(void *, int, long, void *) = dlsym(ssl, "SSL_CTX_ctrl");
  void *(*new_connection)(void *) = dlsym(ssl, "SSL_new");
  void (*set_ends)(void *, void *, void *) = dlsym(ssl, "SSL_set_bio");
  void (*accept_state)(void *) = dlsym(ssl, "SSL_set_accept_state"), (*connect_state)(void *) = dlsym(ssl, "SSL_set_connect_state");
  int (*handshake)(void *) = dlsym(ssl, "SSL_do_handshake");
  int (*send_bytes)(void *, const void *, int) = dlsym(ssl, "SSL_write"), (*receive)(void *, void *, int) = dlsym(ssl, "SSL_read");
  int (*new_pair)(void **, size_t, void **, size_t) = dlsym(crypto, "BIO_new_bio_pair");
  void *context = new_context(method());
  control(context, 124 /* SSL_CTRL_SET_MAX_PROTO_VERSION */, 0x0303, 0);
  if (!set_ciphers(context, "AECDH-AES128-SHA:@SECLEVEL=0")) exit(1);
  void *left, *right, *client = new_connection(context), *server = new_connection(context);
  char bytes[64];
  new_pair(&left, 0, &right, 0);
  set_ends(client, left, left);
  set_ends(server, right, right);
  connect_state(client);
  accept_state(server);
  int calls = 0;
  for (int ready = 0; ready != 3 && calls < 100; calls += 2) ready = (handshake(client) == 1) | (handshake(server) == 1) << 1;
  printf("handshakes %d\n", calls);
  fflush(stdout);
  while (count--)
    if (send_bytes(client, "message", 7) != 7 || receive(server, bytes, sizeof bytes) != 7) exit(1);
  rest(4000); /* so that the functions can still be named */
}

static const struct {
  const char *name;
  void (*run)(long count);
} kinds[] = {
    {"block-reads", block_reads}, {"dirty-pages", dirty_pages}, {"shell-lines", shell_lines}, {"change-root", change_root},
    {"burn", burn}, {"look-up", look_up}, {"execute", execute}, {"fork", fork_only}, {"resolve", resolve},
    {"send-signals", send_signals}, {"nap", nap}, {"eat", eat}, {"open-missing", open_missing}, {"ping-pong", ping_pong},
    {"set-ids", set_ids}, {"stat-missing", stat_missing}, {"synchronise", synchronise}, {"parent-ids", parent_ids},
    {"connect-four", connect_four}, {"connect-six", connect_six}, {"drop-segments", drop_segments}, {"lose-route", lose_route}, {"threads", threads},
    {"unix-packets", unix_packets}, {"file-calls", file_calls}, {"files", files}, {"sync-device", sync_device}, {"tls", tls},
};

int main(int count, char **words) {
  /* The tracer that started the load may be bound to one CPU. */
  cpu_set_t all;
  memset(&all, 255, sizeof all);
  sched_setaffinity(0, sizeof all, &all);
  argument = count > 3 ? words[3] : "";
  for (size_t i = 0; count > 2 && i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].name, words[1]) == 0) {
      kinds[i].run(atol(words[2]));
      return 0;
    }
  fprintf(stderr, "tool-load KIND COUNT [ARGUMENT]\n");
  return 2;
}
