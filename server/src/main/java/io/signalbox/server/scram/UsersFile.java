package io.signalbox.server.scram;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.pki.AtomicFile;
import io.signalbox.pki.PkiException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Users with the verifiers of their passwords. UTF-8 text, one user a line, three fields with
 * spaces between: the name, the groups with commas between or {@code -} for none, the verifier.
 * Lines that are empty or begin with {@code #} say nothing. Immutable.
 */
public final class UsersFile {
  public static final int BYTES_MAX = 16 << 20;
  public static final int USERS_MAX = 50_000;

  private static final int PROBLEMS_MAX = 20;
  private static final String NO_GROUP = "-";
  private static final String HEADER =
      """
      # Users of Signalbox and verifiers of their passwords; see "signalbox users-file --help".
      # NAME GROUP,GROUP SCRAM-SHA-256$ITERATIONS:SALT$STORED-KEY:SERVER-KEY
      """;

  private final Map<String, ScramUser> byName;

  private UsersFile(Map<String, ScramUser> byName) {
    this.byName = byName;
  }

  public static UsersFile empty() {
    return new UsersFile(Map.of());
  }

  /**
   * @throws UsersFileException naming every line that cannot be used
   */
  public static UsersFile read(Path file) throws UsersFileException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(BYTES_MAX + 1);
    } catch (NoSuchFileException e) {
      throw new UsersFileException("there is no users file \"" + file + "\"", e);
    } catch (IOException e) {
      throw new UsersFileException(
          "cannot read the users file \"" + file + "\": " + e.getMessage(), e);
    }
    if (bytes.length > BYTES_MAX) {
      throw new UsersFileException(
          List.of("the users file \"" + file + "\" is larger than " + BYTES_MAX + " bytes"));
    }
    return parse(bytes, file.toString());
  }

  /**
   * @param source for messages
   */
  public static UsersFile parse(byte[] bytes, String source) throws UsersFileException {
    String text;
    try {
      text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new UsersFileException(source + ": not UTF-8", e);
    }
    Map<String, ScramUser> byName = new TreeMap<>();
    List<String> problems = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String problem = take(line, byName);
      if (problem != null) {
        problems.add(source + ":" + number + ": " + problem);
      }
      if (problems.size() == PROBLEMS_MAX || byName.size() > USERS_MAX) {
        break;
      }
    }
    if (byName.size() > USERS_MAX) {
      problems.add(source + ": more than " + USERS_MAX + " users");
    }
    if (!problems.isEmpty()) {
      throw new UsersFileException(problems);
    }
    return new UsersFile(byName);
  }

  /** Never quotes the line: it may hold a password that somebody put in the wrong place. */
  private static @Nullable String take(String line, Map<String, ScramUser> byName) {
    String[] fields = line.strip().split("[ \t]+", -1);
    if (fields.length != 3) {
      return "not three fields: name, groups or -, verifier";
    }
    List<String> groups =
        fields[1].equals(NO_GROUP) ? List.of() : List.of(fields[1].split(",", -1));
    try {
      var user = new ScramUser(fields[0], groups, ScramVerifier.parse(fields[2]));
      return byName.put(user.name(), user) == null ? null : "a user for the second time";
    } catch (IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  public @Nullable ScramUser find(String name) {
    return byName.get(name);
  }

  /** In the order of their names. */
  public Collection<ScramUser> users() {
    return byName.values();
  }

  /** With this user, in the place of one of the same name if there is one. */
  public UsersFile with(ScramUser user) {
    Map<String, ScramUser> changed = new TreeMap<>(byName);
    changed.put(user.name(), user);
    return new UsersFile(changed);
  }

  public UsersFile without(String name) {
    Map<String, ScramUser> changed = new TreeMap<>(byName);
    changed.remove(name);
    return new UsersFile(changed);
  }

  /** What {@link #parse} reads; comments of a file that was read are not kept. */
  public String text() {
    var text = new StringBuilder(HEADER);
    for (ScramUser user : byName.values()) {
      String groups =
          user.groups().isEmpty()
              ? NO_GROUP
              : user.groups().stream().collect(Collectors.joining(","));
      text.append("%s %s %s\n".formatted(user.name(), groups, user.verifier().text()));
    }
    return text.toString();
  }

  /**
   * Writes the file so that a reader finds the old one or the new one: with mode 0600, or the old
   * one's owner, group and mode.
   */
  public void write(Path file) throws UsersFileException {
    try {
      AtomicFile.rewriteSecret(file, text());
    } catch (PkiException e) {
      throw new UsersFileException(String.valueOf(e.getMessage()), e);
    }
  }
}
