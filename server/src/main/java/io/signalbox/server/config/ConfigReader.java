package io.signalbox.server.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Turns one YAML file and the environment into a {@link BrokerConfig}, or into the list of
 * everything that is wrong with them. Works on YAML's nodes rather than on loaded objects: they
 * know their line and column, and a key that stands twice is still there twice.
 */
public final class ConfigReader {
  /** Keys of earlier releases and what took their place. */
  private static final Map<String, String> RETIRED_KEYS = Map.of();

  /** {@code listeners} of {@code listeners[].name}. */
  private static final Pattern WORD_OF_SECTION = Pattern.compile("^([^.\\[]+).*$");

  private final Map<String, String> variables;
  private final Map<String, String> retiredKeys;
  private final Set<String> keys = new TreeSet<>();

  /**
   * @param variables the environment, {@code System.getenv()}
   */
  public ConfigReader(Map<String, String> variables) {
    this(variables, RETIRED_KEYS);
  }

  ConfigReader(Map<String, String> variables, Map<String, String> retiredKeys) {
    this.variables = Map.copyOf(variables);
    this.retiredKeys = Map.copyOf(retiredKeys);
  }

  /**
   * @throws ConfigException naming every problem of the file, the files it names, and the
   *     environment
   */
  public BrokerConfig read(Path file) throws ConfigException {
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException _) {
      throw new ConfigException(
          List.of(
              file
                  + ": does not exist; see config/signalbox.yaml for one with every key and its"
                  + " default"));
    } catch (CharacterCodingException _) {
      throw new ConfigException(List.of(file + ": is not UTF-8"));
    } catch (IOException e) {
      throw new ConfigException(List.of(file + ": cannot be read: " + e.getMessage()));
    }
    Path directory = file.toAbsolutePath().getParent();
    return read(text, file.toString(), directory == null ? Path.of("") : directory);
  }

  /**
   * The configuration of a broker without a file: defaults and environment.
   *
   * @throws ConfigException naming every problem of the environment
   */
  public BrokerConfig withoutFile() throws ConfigException {
    return read("", "defaults", Path.of(""));
  }

  /**
   * Reads YAML text without any environment. Files it names are looked up in the working directory.
   *
   * @throws ConfigException naming every problem of the text
   */
  public static BrokerConfig parse(String yaml) throws ConfigException {
    return new ConfigReader(Map.of()).read(yaml, "configuration", Path.of(""));
  }

  BrokerConfig read(String yaml, String name, Path directory) throws ConfigException {
    Problems problems = new Problems(name);
    Node root = compose(yaml, problems);
    problems.throwIfAny();
    Environment environment = new Environment(variables);
    List<String> paths = new ArrayList<>();
    Section section =
        new Section(
            new Section.Reading(problems, environment, directory, retiredKeys, paths),
            "",
            Optional.empty(),
            root);
    BrokerConfig config = BrokerConfig.read(section);
    keys.addAll(paths);
    environment.noteUnknown(
        problems,
        paths.stream()
            .map(path -> WORD_OF_SECTION.matcher(path).replaceFirst("$1"))
            .collect(Collectors.toSet()));
    problems.throwIfAny();
    return config;
  }

  private static @Nullable Node compose(String yaml, Problems problems) {
    LoadSettings settings =
        LoadSettings.builder().setAllowDuplicateKeys(true).setAllowNonScalarKeys(true).build();
    try {
      return new Compose(settings).composeString(yaml).orElse(null);
    } catch (MarkedYamlEngineException e) {
      problems.add(e.getProblemMark(), "is no YAML: " + e.getProblem());
    } catch (YamlEngineException e) {
      problems.add(Optional.empty(), "is no YAML: " + e.getMessage());
    }
    return null;
  }

  /** Every key that was asked for so far, entries of lists as {@code listeners[].name}. */
  Set<String> keys() {
    return keys;
  }
}
