package io.signalbox.server.cli;

/** A command could not do its work. The message is for people: what, where, what to do. */
public final class CommandFailure extends Exception {
  private final int exitCode;

  public CommandFailure(String message) {
    this(ExitCode.FAILED, message);
  }

  public CommandFailure(String message, Throwable cause) {
    super(message, cause);
    this.exitCode = ExitCode.FAILED;
  }

  CommandFailure(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }
}
