package io.signalbox.server.auth;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tells when the files of a folder are to be read: they have changed and are not being changed any
 * more, so that names, sizes and times are the same at two looks in a row, and others than when it
 * was last told. One thread.
 */
final class FolderWatch {
  private static final Logger LOG = System.getLogger(FolderWatch.class.getName());

  private record Stamp(String name, long bytes, FileTime modified, @Nullable Object fileKey) {}

  private final Path folder;
  private List<Stamp> told;
  private List<Stamp> seen;

  /** What is there now is taken as known. */
  FolderWatch(Path folder) {
    this.folder = folder;
    this.told = look();
    this.seen = told;
  }

  /**
   * Looks.
   *
   * @param unusable whether what was read last could not be used: it is to be read at every look
   *     while nothing is being changed, for a change of owner or mode shows nowhere
   */
  boolean isDue(boolean unusable) {
    List<Stamp> now = look();
    boolean rests = now.equals(seen);
    seen = now;
    if (!rests || (!unusable && now.equals(told))) {
      return false;
    }
    told = now;
    return true;
  }

  private List<Stamp> look() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().map(FolderWatch::stamp).toList();
    } catch (IOException | UncheckedIOException e) {
      LOG.log(Level.DEBUG, "cannot look at " + folder, e); // whoever reads it next will say so
      return List.of();
    }
  }

  private static Stamp stamp(Path file) {
    try {
      BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(file.toString(), is.size(), is.lastModifiedTime(), is.fileKey());
    } catch (IOException e) {
      return new Stamp(file.toString(), -1, FileTime.fromMillis(0), null); // gone meanwhile
    }
  }
}
