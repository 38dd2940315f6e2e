package io.signalbox.server.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the processes of the broker use, as Linux tells it in {@code /proc}.
 *
 * @param pids none: everything is 0
 */
record ServerProcess(List<Long> pids) {
  /** Processor time there is counted in hundredths of a second on every architecture. */
  private static final double TICKS_PER_SECOND = 100;

  private static final int USER_TIME = 11; // places behind the command's name in parentheses
  private static final int SYSTEM_TIME = 12;

  /**
   * Looks for them before anything is measured.
   *
   * @throws IllegalArgumentException when one of them is not there
   */
  ServerProcess {
    pids = List.copyOf(pids);
    for (long pid : pids) {
      if (!Files.isReadable(Path.of("/proc", Long.toString(pid), "stat"))) {
        throw new IllegalArgumentException(
            "pid: "
                + pid
                + (Files.isReadable(Path.of("/proc/self/stat"))
                    ? " is no running process"
                    : " cannot be read: processor time comes from /proc, which only Linux has"));
      }
    }
  }

  /** Whether there are any, and all of them still run. */
  boolean isThere() {
    return !pids.isEmpty()
        && pids.stream().allMatch(p -> Files.exists(Path.of("/proc", Long.toString(p), "stat")));
  }

  double cpuSeconds() throws IOException {
    long ticks = 0;
    for (long pid : pids) {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      ticks += Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[SYSTEM_TIME]);
    }
    return ticks / TICKS_PER_SECOND;
  }

  long residentBytes() throws IOException {
    long kilobytes = 0;
    for (long pid : pids) {
      for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
        if (line.startsWith("VmRSS:")) {
          kilobytes += Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
    }
    return kilobytes * 1024;
  }
}
