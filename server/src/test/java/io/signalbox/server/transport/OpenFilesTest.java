package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class OpenFilesTest {
  private static final String KEY = "limits.connections-max";

  private static Optional<OpenFiles> withLimit(String soft) {
    return OpenFiles.of(
        List.of(
            "Limit                     Soft Limit           Hard Limit           Units     ",
            "Max processes             94927                94927                processes ",
            "Max open files            "
                + soft
                + "                  1048576              files     ",
            "Max locked memory         8388608              8388608              bytes     "),
        40);
  }

  @Test
  void readsTheSoftLimit() {
    assertEquals(Optional.of(new OpenFiles(1024, 40)), withLimit("1024"));
  }

  @Test
  void knowsNothingWithoutALimit() {
    assertEquals(Optional.empty(), withLimit("unlimited"));
    assertEquals(Optional.empty(), OpenFiles.of(List.of(), 40));
  }

  @Test
  void keepsFilesForOtherThings() {
    assertEquals(4096 - 40 - 228 - 2 * 32, new OpenFiles(4096, 40).connections(2));
    assertEquals(4096 - 40 - 228 - 16 * 32, new OpenFiles(4096, 40).connections(16));
    assertEquals(1, new OpenFiles(300, 40).connections(2));
    assertEquals(Integer.MAX_VALUE, new OpenFiles(1L << 40, 40).connections(2));
  }

  @Test
  void warnsOfMoreConnectionsThanThereIsRoomFor() {
    var files = new OpenFiles(1024, 40);
    assertEquals(Optional.empty(), files.warning(files.connections(2), KEY, 2));
    assertEquals(
        Optional.of(
            "limits.connections-max is 693, but the system allows this process 1024 open files:"
                + " connections above 692 are turned away; allow it more (LimitNOFILE= of its"
                + " systemd unit, ulimit -n, --ulimit nofile= of a container), or set"
                + " limits.connections-max to 692 or less"),
        files.warning(693, KEY, 2));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void readsThoseOfThisProcess() throws Exception {
    boolean limited =
        Files.readString(Path.of("/proc/self/limits")).matches("(?s).*Max open files +[0-9].*");
    Optional<OpenFiles> files = OpenFiles.ofThisProcess();
    assertEquals(limited, files.isPresent());
    files.ifPresent(read -> assertTrue(read.open() > 2 && read.open() <= read.max(), "" + read));
  }
}
