/*
 * A disk between LMDB and the real one, loaded by LD_PRELOAD. It looks at one file only:
 *
 *   FAULTY_DISK_FILE     the data file, by its path
 *   FAULTY_DISK_CONTROL  a file of ints, shared with the test, that says how to fail (see enum)
 *   FAULTY_DISK_JOURNAL  where every write and every successful sync is noted, in order
 *
 * The journal is what a disk with a volatile cache knows: a write is in the cache, a sync or a write to a descriptor
 * opened with O_DSYNC (LMDB's meta page) makes it last. Records, all numbers 8 bytes:
 *
 *   'W' offset length bytes   about to be written
 *   'T' length                truncated or extended to
 *   'S' n                     everything noted before record n is on the disk
 *   'D' n                     the O_DSYNC write noted as record n is on the disk
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Ints of the control file. */
enum {
  WRITE_ERRNO = 0,    /* writes to the file fail with it */
  WRITE_SHORT = 1,    /* 1: they write half of what they should and say so; FULL: see there */
  WRITES_SPARED = 2,  /* so many more succeed first */
  SYNC_ERRNO = 3,     /* fdatasync and fsync fail with it, and so does the write of the meta page */
  SYNC_MILLIS = 4,    /* a sync takes so long more, before it begins */
  FREE_MIB = 5,       /* plus one: what statvfs reports as free; 0: the truth */
  SYNCS_WAITING = 6,  /* told: syncs that are taking their time */
  FAILURES = 7,       /* told: calls that were made to fail */
  COMMITS = 8,        /* told: meta pages that are on the disk, each the end of a transaction */
  CUT_SHORT = 9,      /* told: writes that were made to write less than they should */
  INTS = 16
};

/*
 * WRITE_SHORT of a disk that somebody else fills: of the next write of several pages only the first finds room, and from
 * then on statvfs says that nothing is free.
 */
enum { FULL = 2, PAGE_BYTES = 4096 };

static volatile int *control;
static const char *file_path;
static int journal = -1;
static volatile int is_full;
static uint64_t records;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fdatasync)(int);
static int (*real_fsync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_statvfs)(const char *, struct statvfs *);

__attribute__((constructor)) static void begin(void) {
  real_pwrite = dlsym(RTLD_NEXT, "pwrite");
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
  real_statvfs = dlsym(RTLD_NEXT, "statvfs");
  file_path = getenv("FAULTY_DISK_FILE");
  const char *control_path = getenv("FAULTY_DISK_CONTROL");
  const char *journal_path = getenv("FAULTY_DISK_JOURNAL");
  if (control_path != NULL) {
    int fd = open(control_path, O_RDWR | O_CLOEXEC);
    void *map = fd < 0 ? MAP_FAILED
                       : mmap(NULL, INTS * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) abort();
    control = map;
    close(fd);
  }
  if (journal_path != NULL) {
    journal = open(journal_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) abort();
  }
}

static int told(int which) { return control == NULL ? 0 : control[which]; }

static int is_data_file(int fd) {
  struct stat wanted, given;
  int before = errno;
  int same = file_path != NULL && fd > 2 && fd != journal && fstat(fd, &given) == 0 && S_ISREG(given.st_mode) &&
             stat(file_path, &wanted) == 0 && wanted.st_ino == given.st_ino && wanted.st_dev == given.st_dev;
  errno = before;
  return same;
}

static int lasts_at_once(int fd) { return (fcntl(fd, F_GETFL) & O_DSYNC) != 0; }

static void append(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t n = real_write(journal, at, length);
    if (n <= 0) abort(); /* a journal with a gap would prove nothing */
    at += n;
    length -= (size_t)n;
  }
}

/* Returns the number of the record. */
static uint64_t note(char kind, uint64_t number, const struct iovec *parts, int count) {
  if (journal < 0) return 0;
  pthread_mutex_lock(&mutex);
  uint64_t total = 0;
  for (int i = 0; i < count; i++) total += parts[i].iov_len;
  char head[17];
  head[0] = kind;
  memcpy(head + 1, &number, 8);
  memcpy(head + 9, &total, 8);
  append(head, kind == 'W' ? 17 : 9);
  for (int i = 0; i < count; i++) append(parts[i].iov_base, parts[i].iov_len);
  uint64_t record = records++;
  pthread_mutex_unlock(&mutex);
  return record;
}

static int failing(int which) {
  if (told(which) == 0) return 0;
  __atomic_add_fetch(&control[FAILURES], 1, __ATOMIC_SEQ_CST);
  errno = told(which);
  return 1;
}

static int spared(void) {
  return told(WRITES_SPARED) > 0 && __atomic_fetch_sub(&control[WRITES_SPARED], 1, __ATOMIC_SEQ_CST) > 0;
}

static void delay(void) {
  int millis = told(SYNC_MILLIS);
  if (millis <= 0) return;
  struct timespec time = {millis / 1000, millis % 1000 * 1000000L};
  __atomic_add_fetch(&control[SYNCS_WAITING], 1, __ATOMIC_SEQ_CST);
  nanosleep(&time, NULL);
  __atomic_sub_fetch(&control[SYNCS_WAITING], 1, __ATOMIC_SEQ_CST);
}

/* Writes parts at an offset, as the disk is told to. */
static ssize_t disk_write(int fd, const struct iovec *parts, int count, off_t offset) {
  size_t total = 0;
  for (int i = 0; i < count; i++) total += parts[i].iov_len;
  int last = lasts_at_once(fd);
  int filling = told(WRITE_SHORT) == FULL;
  /* The meta page is overwritten where it is, which takes no space. */
  int fits = last && (told(WRITE_ERRNO) == ENOSPC || filling);
  if (filling && !is_full && total <= PAGE_BYTES) fits = 1; /* the last one is for a write of several */
  if (!fits && (told(WRITE_ERRNO) != 0 || told(WRITE_SHORT) != 0) && !spared()) {
    if (told(WRITE_SHORT) == 0 && failing(WRITE_ERRNO)) return -1;
    __atomic_add_fetch(&control[FAILURES], 1, __ATOMIC_SEQ_CST);
    if (filling) is_full = 1;
    if (filling && total <= PAGE_BYTES) {
      errno = ENOSPC;
      return -1;
    }
    __atomic_add_fetch(&control[CUT_SHORT], 1, __ATOMIC_SEQ_CST);
    size_t room = filling ? PAGE_BYTES : total / 2;
    struct iovec part = {parts[0].iov_base, room < parts[0].iov_len ? room : parts[0].iov_len};
    note('W', (uint64_t)offset, &part, 1);
    return real_pwrite(fd, part.iov_base, part.iov_len, offset);
  }
  uint64_t record = note('W', (uint64_t)offset, parts, count);
  if (last) delay();
  size_t done = 0;
  for (int i = 0; i < count; i++) {
    ssize_t n = real_pwrite(fd, parts[i].iov_base, parts[i].iov_len, offset + (off_t)done);
    if (n < 0) return done > 0 ? (ssize_t)done : n;
    done += (size_t)n;
    if ((size_t)n < parts[i].iov_len) return (ssize_t)done;
  }
  if (last) {
    if (failing(SYNC_ERRNO)) return -1; /* it is in the page cache all the same, as it would be */
    note('D', record, NULL, 0);
    if (control != NULL) __atomic_add_fetch(&control[COMMITS], 1, __ATOMIC_SEQ_CST);
  }
  return (ssize_t)done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  if (!is_data_file(fd)) return real_pwrite(fd, bytes, length, offset);
  struct iovec part = {(void *)bytes, length};
  return disk_write(fd, &part, 1, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return pwrite(fd, bytes, length, offset); }

/* LMDB seeks, then writes pages that lie side by side in one call. */
static ssize_t write_here(int fd, const struct iovec *parts, int count) {
  off_t offset = lseek(fd, 0, SEEK_CUR);
  ssize_t n = disk_write(fd, parts, count, offset);
  if (n > 0) lseek(fd, offset + n, SEEK_SET);
  return n;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (!is_data_file(fd)) return real_write(fd, bytes, length);
  struct iovec part = {(void *)bytes, length};
  return write_here(fd, &part, 1);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return is_data_file(fd) ? write_here(fd, parts, count) : real_writev(fd, parts, count);
}

static int disk_sync(int fd, int (*real)(int)) {
  uint64_t noted;
  pthread_mutex_lock(&mutex);
  noted = records;
  pthread_mutex_unlock(&mutex);
  delay();
  if (failing(SYNC_ERRNO)) return -1;
  int result = real(fd);
  if (result == 0) note('S', noted, NULL, 0);
  return result;
}

int fdatasync(int fd) { return is_data_file(fd) ? disk_sync(fd, real_fdatasync) : real_fdatasync(fd); }

int fsync(int fd) { return is_data_file(fd) ? disk_sync(fd, real_fsync) : real_fsync(fd); }

int ftruncate(int fd, off_t length) {
  if (is_data_file(fd)) note('T', (uint64_t)length, NULL, 0);
  return real_ftruncate(fd, length);
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

int statvfs(const char *path, struct statvfs *into) {
  int result = real_statvfs(path, into);
  if (told(WRITE_SHORT) != FULL) is_full = 0;
  if (result == 0 && (told(FREE_MIB) > 0 || is_full)) {
    fsblkcnt_t free_mib = is_full ? 0 : (fsblkcnt_t)(told(FREE_MIB) - 1);
    into->f_bavail = into->f_bfree = free_mib * 1048576 / into->f_frsize;
  }
  return result;
}

int statvfs64(const char *path, struct statvfs64 *into) { return statvfs(path, (struct statvfs *)into); }
