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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

  private final NavigableMap<String, ScramUser> byName;

  /** Lines of people, among them users who are switched off, by the name of the user below. */
  private final Map<String, List<String>> comments;

  /** Those below the last user. */
  private final List<String> lastComments;

  private UsersFile(
      NavigableMap<String, ScramUser> byName,
      Map<String, List<String>> comments,
      List<String> lastComments) {
    this.byName = byName;
    this.comments = comments;
    this.lastComments = lastComments;
  }

  public static UsersFile empty() {
    return new UsersFile(new TreeMap<>(), Map.of(), List.of());
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
    NavigableMap<String, ScramUser> byName = new TreeMap<>();
    Map<String, List<String>> comments = new HashMap<>();
    List<String> above = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      if (line.startsWith("#")) {
        if (HEADER.lines().noneMatch(line::equals)) {
          above.add(line);
        }
        continue;
      }
      String problem = take(line, byName);
      if (problem != null) {
        problems.add(source + ":" + number + ": " + problem);
      } else if (!above.isEmpty()) {
        comments.put(fields(line)[0], above);
        above = new ArrayList<>();
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
    return new UsersFile(byName, comments, above);
  }

  private static String[] fields(String line) {
    return line.strip().split("[ \t]+", -1);
  }

  /** Never quotes the line: it may hold a password that somebody put in the wrong place. */
  private static @Nullable String take(String line, Map<String, ScramUser> byName) {
    String[] fields = fields(line);
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
    NavigableMap<String, ScramUser> changed = new TreeMap<>(byName);
    changed.put(user.name(), user);
    return new UsersFile(changed, comments, lastComments);
  }

  /** Without this user; the comments above it are then above the next one. */
  public UsersFile without(String name) {
    NavigableMap<String, ScramUser> changed = new TreeMap<>(byName);
    changed.remove(name);
    Map<String, List<String>> kept = new HashMap<>(comments);
    List<String> above = kept.remove(name);
    if (above == null) {
      return new UsersFile(changed, kept, lastComments);
    }
    String next = changed.higherKey(name);
    if (next == null) {
      return new UsersFile(changed, kept, joined(above, lastComments));
    }
    kept.merge(next, above, (below, own) -> joined(own, below));
    return new UsersFile(changed, kept, lastComments);
  }

  private static List<String> joined(List<String> first, List<String> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }

  /** What {@link #parse} reads, in the order of names, each comment above the user it was above. */
  public String text() {
    var text = new StringBuilder(HEADER);
    for (ScramUser user : byName.values()) {
      comments.getOrDefault(user.name(), List.of()).forEach(line -> text.append(line).append('\n'));
      String groups =
          user.groups().isEmpty()
              ? NO_GROUP
              : user.groups().stream().collect(Collectors.joining(","));
      text.append("%s %s %s\n".formatted(user.name(), groups, user.verifier().text()));
    }
    lastComments.forEach(line -> text.append(line).append('\n'));
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
