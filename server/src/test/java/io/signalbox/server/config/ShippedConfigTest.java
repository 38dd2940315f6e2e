package io.signalbox.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds {@code config/signalbox.yaml} against the records: what people copy from must be what the
 * broker does.
 */
final class ShippedConfigTest {
  private static final Path SHIPPED = Path.of("../config/signalbox.yaml");

  /** A commented-out line is YAML when not exactly one space follows the hash. */
  private static final Pattern EXAMPLE = Pattern.compile("^( *)#(?! \\S)(?!$)(.*)$");

  private final ConfigReader reader = new ConfigReader(Map.of());

  @Test
  void holdsExactlyTheDefaults() throws Exception {
    assertEquals(BrokerConfig.DEFAULTS, reader.read(SHIPPED));
  }

  @Test
  void holdsEveryKeyAndItsExamplesAreValid(@TempDir Path folder) throws Exception {
    for (String file :
        List.of(
            "server.crt",
            "server.key",
            "factory-ca.crt",
            "factory-ca.crl",
            "acme-login.pem",
            "ca.passphrase",
            "libsofthsm2.so",
            "token.pin",
            "revoked-tokens.txt",
            "users")) {
      Files.writeString(folder.resolve(file), "content");
    }
    Files.writeString(folder.resolve("acme-login.secret"), "0123456789abcdef0123456789abcdef\n");
    Files.createDirectory(folder.resolve("policies"));

    BrokerConfig config = reader.read(String.join("\n", withExamples()), "shipped", folder);

    assertEquals("factory-ca", config.tls().trustedCas().getFirst().name());
    AuthConfig.Issuer issuer = config.auth().jwt().issuers().getFirst();
    assertEquals(AuthConfig.Algorithm.ES256, issuer.keys().getFirst().algorithm());
    Set<String> shown = keys(withExamples()).stream().map(Key::path).collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>(reader.keys());
    missing.removeAll(shown);
    missing.remove("auth.jwt.issuers[].jwks-file"); // told in the comment of jwks-url
    missing.remove("auth.jwt.issuers[].keys[].public-key"); // told in the comment of its sibling
    assertEquals(Set.of(), missing);
  }

  @Test
  void tellsTheRangeOfEveryNumber() throws Exception {
    Map<String, String> comments = new HashMap<>();
    keys(withExamples())
        .forEach(key -> comments.merge(key.path.replace("[]", ""), key.comment, String::concat));
    List<Range> ranges = ranges();
    for (Range range : ranges) {
      String comment = comments.getOrDefault(range.path(), "nothing");
      assertTrue(
          comment.contains(range.toString()),
          () -> range.path() + " does not tell its range " + range + " but " + comment);
    }
    assertTrue(
        ranges.size() > 40,
        () -> "found only " + ranges.size() + " ranges; did the records change their shape?");
  }

  private static List<Range> ranges() throws IllegalAccessException {
    List<Range> ranges = new ArrayList<>();
    for (Class<?> type :
        List.of(
            LimitsConfig.class,
            RegistryConfig.class,
            AdminConfig.class,
            SessionConfig.class,
            StoreConfig.class,
            IoConfig.class,
            AuthConfig.class,
            PolicyConfig.class,
            ListenerConfig.class,
            EnrolmentConfig.class)) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getType() == Range.class && Modifier.isStatic(field.getModifiers())) {
          field.setAccessible(true);
          ranges.add((Range) field.get(null));
        }
      }
    }
    return ranges;
  }

  /** The file with its examples in force, and without the empty lists that they replace. */
  private static List<String> withExamples() throws Exception {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(SHIPPED)) {
      Matcher example = EXAMPLE.matcher(line);
      if (line.startsWith("#   ") || !example.matches()) {
        lines.add(line);
        continue;
      }
      String text = example.group(1) + example.group(2);
      lines.remove(text + " []");
      lines.add(text);
    }
    return lines;
  }

  /**
   * A key of the file, entries of lists as {@code listeners[].name}, with the comments above and
   * behind it.
   */
  private record Key(String path, String comment) {}

  private static List<Key> keys(List<String> lines) {
    record Parent(int column, String name) {}
    List<Key> keys = new ArrayList<>();
    List<Parent> parents = new ArrayList<>();
    String above = "";
    for (String line : lines) {
      Matcher key = Pattern.compile("^( *)(- )?([a-z0-9-]+):(.*)$").matcher(line);
      if (!key.matches()) {
        above += line;
        continue;
      }
      boolean entry = key.group(2) != null;
      int column = key.group(1).length() + (entry ? 2 : 0);
      parents.removeIf(parent -> parent.column >= column);
      if (entry && !parents.getLast().name.endsWith("[]")) {
        Parent list = parents.removeLast();
        parents.add(new Parent(list.column, list.name + "[]"));
      }
      parents.add(new Parent(column, key.group(3)));
      keys.add(
          new Key(
              parents.stream().map(Parent::name).collect(Collectors.joining(".")),
              above + key.group(4)));
      above = "";
    }
    return keys;
  }
}
