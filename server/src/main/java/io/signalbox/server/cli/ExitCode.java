package io.signalbox.server.cli;

import io.signalbox.server.bench.client.ClientException;

/** What the process says when it ends; scripts may rely on these. */
final class ExitCode {
  static final int DONE = 0;

  /** The reason is on standard error. */
  static final int FAILED = 1;

  /** Unknown command or option, or a value it cannot have. */
  static final int USAGE = 2;

  /** The store failed while the broker ran: a supervisor may start it again. */
  static final int DISK_FAILED = 4;

  /** A running broker refused what it was asked to do; why is on standard error. */
  static final int REFUSED = 5;

  /**
   * No broker did it: none can be reached, there is no credential or it does not accept it, or what
   * answers is a redirect, an HTTP status of 500 or more, or not ours. What was asked for is not at
   * fault; trying again later may do. A change whose answer did not come or cannot be read, or is a
   * status of 500 or more but 503, may be done: that is {@link #FAILED}.
   */
  static final int UNREACHABLE = 6;

  /**
   * Every problem of the configuration is on standard error. {@code EX_CONFIG} of sysexits.h, by
   * which systemd knows it; not 3, which the virtual machine says when its heap is full, and a
   * supervisor shall start it again then.
   */
  static final int CONFIGURATION = 78;

  private ExitCode() {}

  /** What a connection to a broker failed for. */
  static int of(ClientException failure) {
    return of(failure.kind());
  }

  static int of(ClientException.Kind kind) {
    return switch (kind) {
      case UNREACHABLE -> UNREACHABLE;
      case REFUSED -> REFUSED;
      case FAILED -> FAILED;
    };
  }
}
