package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AtomicFileTest {
  @TempDir Path folder;

  /** Looks at the file beside it as often as it can while that is written. */
  @Test
  void whoMayNotReadTheOldFileNeverMayReadTheNewOne() throws Exception {
    Path file = Files.writeString(folder.resolve("policy.yaml"), "old");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    String text = "x".repeat(1 << 24);
    var writing =
        CompletableFuture.runAsync(
            () -> {
              try {
                AtomicFile.rewritePublic(file, text);
              } catch (PkiException e) {
                throw new IllegalStateException(e);
              }
            });
    var seen = new HashSet<PosixFilePermission>();
    boolean looked = false;
    while (!writing.isDone()) {
      looked |= seen.addAll(permissionsBeside(file));
    }
    writing.get();

    assertTrue(looked, "it was there");
    assertFalse(seen.contains(PosixFilePermission.OTHERS_READ), seen::toString);
    assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(text.length(), Files.size(file));
  }

  private Set<PosixFilePermission> permissionsBeside(Path file) throws IOException {
    List<Path> files;
    try (var all = Files.list(folder)) {
      files = all.filter(other -> !other.equals(file)).toList();
    }
    try {
      return files.isEmpty() ? Set.of() : Files.getPosixFilePermissions(files.getFirst());
    } catch (NoSuchFileException _) {
      return Set.of(); // it is in its place
    }
  }

  @Test
  void linksThatLeadInACircleAreRefused() throws Exception {
    Path one = folder.resolve("one");
    Files.createSymbolicLink(one, Path.of("two"));
    Files.createSymbolicLink(folder.resolve("two"), Path.of("one"));

    assertThrows(PkiException.class, () -> AtomicFile.rewritePublic(one, "text"));
    assertTrue(Files.isSymbolicLink(one));
  }
}
