package io.signalbox.server.cli;

import java.util.logging.LogManager;

/** Logs as a process does that has been told to end, when the virtual machine has reset its log. */
final class EndingProcess {
  private EndingProcess() {}

  public static void main(String[] args) {
    Logging.start(System.err);
    LogManager.getLogManager().reset();
    System.getLogger("io.signalbox.Broker").log(System.Logger.Level.INFO, "stopping");
  }
}
