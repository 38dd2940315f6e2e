package io.signalbox.server.store;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** A process of its own that a test starts. */
final class ChildProcess {
  private ChildProcess() {}

  /** Runs a class of the tests with little memory. */
  static List<String> command(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (flag.startsWith("--enable-native-access") || flag.startsWith("--sun-misc")) {
        command.add(flag);
      }
    }
    command.addAll(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }
}
