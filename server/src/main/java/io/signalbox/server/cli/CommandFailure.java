package io.signalbox.server.cli;

import org.jspecify.annotations.Nullable;

/** A command could not do its work. The message is for people: what, where, what to do. */
public final class CommandFailure extends Exception {
  private final int exitCode;

  public CommandFailure(String message) {
    this(ExitCode.FAILED, message);
  }

  public CommandFailure(String message, Throwable cause) {
    this(ExitCode.FAILED, message, cause);
  }

  CommandFailure(int exitCode, String message) {
    this(exitCode, message, null);
  }

  CommandFailure(int exitCode, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /** What the configuration names cannot be used, such as a policy, a certificate or a key. */
  public static CommandFailure ofConfiguration(String message, @Nullable Throwable cause) {
    return new CommandFailure(ExitCode.CONFIGURATION, message, cause);
  }

  int exitCode() {
    return exitCode;
  }
}
