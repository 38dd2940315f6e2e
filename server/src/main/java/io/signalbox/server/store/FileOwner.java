package io.signalbox.server.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Whom files belong to. Who restores or repairs is often root, and the broker, which has to open
 * what was written, another user.
 */
public record FileOwner(UserPrincipal user, GroupPrincipal group) {
  /** The owner of a file that is there. */
  public static FileOwner of(Path file) throws IOException {
    var attributes = Files.readAttributes(file, PosixFileAttributes.class);
    return new FileOwner(attributes.owner(), attributes.group());
  }

  /**
   * Gives a file, or a folder with all in it; links are not followed. A folder comes after what is
   * in it, which its new owner could replace by a link.
   */
  public void giveTree(Path tree) throws IOException {
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        give(file);
      }
    }
  }

  /**
   * Gives one file or folder.
   *
   * @throws IOException it belongs to another, and this process may not give it away
   */
  public void give(Path file) throws IOException {
    var view =
        Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    PosixFileAttributes attributes = view.readAttributes();
    try {
      if (!group.equals(attributes.group())) {
        view.setGroup(group);
      }
      if (!user.equals(attributes.owner())) {
        view.setOwner(user);
      }
    } catch (IOException e) {
      throw new IOException(
          "\"%s\" cannot be given to user %s and group %s; do it as that user or as root"
              .formatted(file, user.getName(), group.getName()),
          e);
    }
  }
}
