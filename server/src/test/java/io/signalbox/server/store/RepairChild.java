package io.signalbox.server.store;

import java.nio.file.Path;

/** The process that {@link StoreRepairTest} runs where files cannot grow. */
final class RepairChild {
  private RepairChild() {}

  /** Argument: directory. Tells on its standard output why the repair failed. */
  public static void main(String[] arguments) {
    try {
      StoreRepair.run(Path.of(arguments[0]), StoreFixture.CONFIG, _ -> {}, 10);
    } catch (StoreOpenException e) {
      System.out.println(e.getMessage());
    }
  }
}
