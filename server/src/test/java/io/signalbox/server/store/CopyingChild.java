package io.signalbox.server.store;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** The process that holds a directory for {@link StoreFilesTest} as a restore does. */
final class CopyingChild {
  private CopyingChild() {}

  /**
   * Argument: directory. Tells on its standard output when it holds it, and goes on until killed.
   */
  public static void main(String[] arguments) throws Exception {
    try (var _ = StoreFiles.keepStill(Path.of(arguments[0]))) {
      System.out.println("copying");
      new CountDownLatch(1).await();
    }
  }
}
