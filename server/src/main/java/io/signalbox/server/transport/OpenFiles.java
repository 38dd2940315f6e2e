package io.signalbox.server.transport;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How many files the system lets this process have open; a connection is one of them. The virtual
 * machine has raised the soft limit to the hard one when this is read. From {@code /proc}, because
 * Java's management classes take a while to load and a start does without them.
 *
 * @param max of the process, sockets included
 * @param open now
 */
record OpenFiles(long max, long open) {
  /**
   * Kept: 100 for what is no connection (audit log, certificates read anew, fetched lists,
   * backups), the others for connections that are turned away: up to 128 that XNIO has accepted and
   * not handed over yet, and further {@value PassSelectors#CLOSES_MAX} for each I/O thread that are
   * closed and not taken back.
   */
  static final int RESERVED = 228;

  private static final String LIMIT = "Max open files";

  /** Of this process; empty if the system sets no limit, or does not tell it this way. */
  static Optional<OpenFiles> ofThisProcess() {
    String @Nullable [] open = new File("/proc/self/fd").list();
    if (open == null) {
      return Optional.empty();
    }
    try {
      return of(Files.readAllLines(Path.of("/proc/self/limits")), open.length);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Understands the table of Linux.
   *
   * @param limits the lines of {@code /proc/PID/limits}
   */
  static Optional<OpenFiles> of(List<String> limits, long open) {
    for (String line : limits) {
      if (line.startsWith(LIMIT)) {
        String rest = line.substring(LIMIT.length()).strip();
        String soft = rest.substring(0, Math.max(0, rest.indexOf(' ')));
        try {
          return Optional.of(new OpenFiles(Long.parseLong(soft), open));
        } catch (NumberFormatException e) {
          return Optional.empty(); // "unlimited"
        }
      }
    }
    return Optional.empty();
  }

  private static long reserved(int ioThreads) {
    return RESERVED + (long) PassSelectors.CLOSES_MAX * ioThreads;
  }

  /** Connections that there is room for, at least one. */
  int connections(int ioThreads) {
    return Math.clamp(max - open - reserved(ioThreads), 1, Integer.MAX_VALUE);
  }

  /**
   * What to tell the operator.
   *
   * @param wanted connections that the configuration allows
   * @param by the key that does
   * @param ioThreads of the broker
   * @return empty if there is room for all
   */
  Optional<String> warning(long wanted, String by, int ioThreads) {
    int room = connections(ioThreads);
    if (wanted <= room) {
      return Optional.empty();
    }
    return Optional.of(
        "%s is %d, but the system allows this process %d open files: connections above %d are turned away; allow it more (LimitNOFILE= of its systemd unit, ulimit -n, --ulimit nofile= of a container), or set %s to %d or less"
            .formatted(by, wanted, max, room, by, room));
  }
}
