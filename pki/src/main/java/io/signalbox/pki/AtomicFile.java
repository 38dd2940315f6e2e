package io.signalbox.pki;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;

/**
 * Writes a file so that a reader, or a start after a crash, finds the old content or the new and
 * nothing between: written beside its place, forced to disk, renamed. A secret has mode 0600 from
 * before its first byte.
 */
public final class AtomicFile {
  private static final boolean POSIX =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

  private static final String OWNER_ONLY = "rw-------";

  /** As many as Linux follows. */
  private static final int LINKS_MAX = 40;

  private AtomicFile() {}

  /** Writes a file that only its owner may read (0600 where the file system knows modes). */
  public static void writeSecret(Path file, String text) throws PkiException {
    write(file, text, OWNER_ONLY, false);
  }

  /**
   * Writes a file that only its owner may read, or in the place of one that is there: with its
   * owner, group and mode, for who reads it may be another user than who writes it. If they cannot
   * be kept, nothing is changed.
   */
  public static void rewriteSecret(Path file, String text) throws PkiException {
    write(file, text, OWNER_ONLY, true);
  }

  /** Writes a file that everybody may read, as far as the process's umask allows. */
  public static void writePublic(Path file, String text) throws PkiException {
    write(file, text, "rw-r--r--", false);
  }

  /**
   * Writes a file that everybody may read, or in the place of one that is there: with its owner,
   * group and mode; what a link names, not the link. If they cannot be kept, or it may not be
   * written, nothing is changed.
   */
  public static void rewritePublic(Path file, String text) throws PkiException {
    try {
      Path target = linked(file);
      if (Files.exists(target) && !Files.isWritable(target)) {
        throw new AccessDeniedException(target.toString());
      }
      write(target, text, "rw-r--r--", true);
    } catch (IOException e) {
      throw FileProblems.explain("write", file, e);
    }
  }

  /** What a link names, also where it is not there yet. */
  private static Path linked(Path file) throws IOException {
    Path target = file;
    for (int links = 0; Files.isSymbolicLink(target); links++) {
      if (links == LINKS_MAX) {
        throw new FileSystemLoopException(file.toString());
      }
      target = target.resolveSibling(Files.readSymbolicLink(target));
    }
    return target;
  }

  /**
   * Makes a folder, and those above it, that only its owner may enter (0700); one that exists keeps
   * its mode.
   */
  public static void createSecretFolder(Path folder) throws PkiException {
    try {
      Files.createDirectories(folder, mode("rwx------"));
    } catch (IOException e) {
      throw FileProblems.explain("create the folder", folder, e);
    }
  }

  /**
   * Whether somebody besides the owner may read the file; false where the file system has no modes.
   */
  static boolean othersMayRead(Path file) throws PkiException {
    if (!POSIX) {
      return false;
    }
    try {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
      return permissions.contains(PosixFilePermission.GROUP_READ)
          || permissions.contains(PosixFilePermission.OTHERS_READ);
    } catch (IOException e) {
      throw FileProblems.explain("read the mode of", file, e);
    }
  }

  /** Fails if there is something in the file's place. */
  static void requireAbsent(Path file) throws PkiException {
    if (Files.exists(file)) {
      throw new PkiException(
          "\"" + file + "\" exists already; move it away or choose another place");
    }
  }

  static void delete(Path file) throws PkiException {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw FileProblems.explain("delete", file, e);
    }
  }

  static void forceFolder(Path folder) throws IOException {
    if (POSIX) { // elsewhere a folder cannot be opened, and renames are durable by the journal
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static void write(Path file, String text, String permissions, boolean keepsAccess)
      throws PkiException {
    Path target = file.toAbsolutePath();
    Path temporary =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    boolean copiesAccess = keepsAccess && POSIX && Files.exists(target);
    try {
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              mode(copiesAccess ? OWNER_ONLY : permissions))) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      if (copiesAccess) {
        copyAccess(target, temporary);
      }
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      forceFolder(target.resolveSibling("."));
    } catch (IOException e) {
      deleteQuietly(temporary, e);
      throw FileProblems.explain("write", file, e);
    }
  }

  private static void copyAccess(Path from, Path to) throws IOException {
    var wanted = Files.readAttributes(from, PosixFileAttributes.class);
    var made = Files.readAttributes(to, PosixFileAttributes.class);
    var view = Files.getFileAttributeView(to, PosixFileAttributeView.class);
    try {
      if (!wanted.group().equals(made.group())) {
        view.setGroup(wanted.group());
      }
      if (!wanted.owner().equals(made.owner())) {
        view.setOwner(wanted.owner());
      }
      view.setPermissions(wanted.permissions());
    } catch (IOException e) {
      throw new IOException(
          "its owner %s and group %s cannot be kept; do it as that user or as root"
              .formatted(wanted.owner().getName(), wanted.group().getName()),
          e);
    }
  }

  private static void deleteQuietly(Path temporary, IOException problem) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      problem.addSuppressed(e);
    }
  }

  private static FileAttribute<?>[] mode(String permissions) {
    return POSIX
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
