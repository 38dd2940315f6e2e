package io.signalbox.it.conformance;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Where the build put the compiled tests. */
final class TestClasses {
  private TestClasses() {}

  /** Of this module and of the server. */
  static List<Path> folders() {
    String names =
        System.getProperty(
            "signalbox.test-classes", "target/test-classes:../server/target/test-classes");
    return Stream.of(names.split(":")).map(Path::of).toList();
  }
}
