package io.signalbox.acl.load;

import io.signalbox.acl.model.Policy;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The policies of a folder: {@code *.policy.yaml}, {@code *.policy.yml} and {@code *.policy.json},
 * not in sub-folders. Remembers what it read, so that a reload parses only files whose text
 * changed. One thread at a time.
 */
public final class PolicyFolder {
  /** Namespace of policies from files. */
  public static final String NAMESPACE = "file";

  /** More files in one folder are refused. */
  private static final int FILES_MAX = 100_000;

  /** While a file is edited, Emacs has a link to nowhere beside it. */
  private static final String EMACS_LOCK = ".#";

  private record Known(String text, Policy policy) {}

  private final Path folder;
  private final SourceLimits limits;
  private Map<String, Known> known = new HashMap<>();

  public PolicyFolder(Path folder, SourceLimits limits) {
    this.folder = folder;
    this.limits = limits;
  }

  public Path folder() {
    return folder;
  }

  /**
   * Reads all policies, on all processors.
   *
   * @return in the order of the file names; incomplete when {@code problems} grew
   */
  public List<Policy> read(Problems problems) {
    List<Policy> policies = new ArrayList<>();
    Map<String, Known> read = new HashMap<>();
    List<Found> files = files(".policy.", problems);
    for (Outcome outcome : files.parallelStream().map(this::read).toList()) {
      problems.addAll(outcome.problems);
      if (outcome.known.isPresent()) {
        read.put(outcome.name, outcome.known.get());
        policies.add(outcome.known.get().policy);
      }
    }
    known = read;
    return policies;
  }

  private record Outcome(String name, Optional<Known> known, Problems problems) {}

  private Outcome read(Found file) {
    Problems problems = new Problems();
    String name = file.path.toString();
    Optional<String> text = text(file.path, file.bytes, limits, problems);
    Optional<Known> read = text.isPresent() ? parsed(name, text.get(), problems) : Optional.empty();
    return new Outcome(name, read, problems);
  }

  private Optional<Known> parsed(String name, String text, Problems problems) {
    Known before = known.get(name);
    return before != null && before.text.equals(text)
        ? Optional.of(before)
        : PolicyParser.parse(NAMESPACE, name, text, limits, problems)
            .map(policy -> new Known(text, policy));
  }

  /** The policy files, sorted. */
  public List<Path> policyFiles(Problems problems) {
    return files(".policy.", problems).stream().map(Found::path).toList();
  }

  /** The {@code *.test.yaml} files beside the policies, sorted. */
  public List<Path> tests(Problems problems) {
    return files(".test.", problems).stream().map(Found::path).toList();
  }

  private record Found(Path path, long bytes) {}

  private List<Found> files(String infix, Problems problems) {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> named = all.filter(file -> isNamed(file, infix)).sorted().toList();
      if (named.size() > FILES_MAX) {
        problems.add(
            Position.none(folder.toString()),
            "the folder holds %d files, the limit is %d".formatted(named.size(), FILES_MAX));
        return List.of();
      }
      List<Found> files = new ArrayList<>(named.size());
      for (Look look : named.parallelStream().map(PolicyFolder::look).toList()) {
        look.found.ifPresent(files::add);
        problems.addAll(look.problems);
      }
      return files;
    } catch (IOException e) {
      problems.add(Position.none(folder.toString()), "the folder cannot be read: " + reason(e));
      return List.of();
    }
  }

  private record Look(Optional<Found> found, Problems problems) {}

  /**
   * A regular file, or a link to one. Anything else of that name is a problem: a policy that is
   * left out may be the one that denies, a test the one that forbids.
   */
  private static Look look(Path path) {
    Problems problems = new Problems();
    Position at = Position.none(path.toString());
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      if (attributes.isRegularFile()) {
        return new Look(Optional.of(new Found(path, attributes.size())), problems);
      }
      problems.add(at, "this is no regular file, give it another name or remove it");
    } catch (IOException e) {
      if (!Files.notExists(path, LinkOption.NOFOLLOW_LINKS)) { // else gone since it was listed
        problems.add(
            at,
            "the file cannot be looked at: %s; mend its link or rights, or remove it"
                .formatted(reason(e)));
      }
    }
    return new Look(Optional.empty(), problems);
  }

  private static boolean isNamed(Path file, String infix) {
    String name = String.valueOf(file.getFileName());
    boolean endsSo =
        name.endsWith(infix + "yaml")
            || name.endsWith(infix + "yml")
            || name.endsWith(infix + "json");
    return endsSo && !name.startsWith(EMACS_LOCK);
  }

  /** The text of a file, strictly UTF-8; empty, and a problem, when it cannot be read. */
  static Optional<String> text(Path file, SourceLimits limits, Problems problems) {
    try {
      return text(file, Files.size(file), limits, problems);
    } catch (IOException e) {
      problems.add(Position.none(file.toString()), "the file cannot be read: " + reason(e));
      return Optional.empty();
    }
  }

  private static Optional<String> text(
      Path file, long bytes, SourceLimits limits, Problems problems) {
    if (bytes > limits.charactersMax() * 4L) {
      problems.add(
          Position.none(file.toString()),
          "the file has %d bytes, the limit is %d".formatted(bytes, limits.charactersMax() * 4L));
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readString(file)); // which refuses what is no UTF-8
    } catch (CharacterCodingException e) {
      problems.add(Position.none(file.toString()), "the file is not UTF-8, save it as such");
    } catch (IOException e) {
      problems.add(Position.none(file.toString()), "the file cannot be read: " + reason(e));
    }
    return Optional.empty();
  }

  private static String reason(IOException e) {
    if (e instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    String name = e.getClass().getSimpleName().replace("Exception", "");
    return name.isEmpty() ? "input or output failed" : name;
  }
}
