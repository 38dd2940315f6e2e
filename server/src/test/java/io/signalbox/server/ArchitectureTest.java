package io.signalbox.server;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.signalbox.server.codec.PacketDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Directions between packages, decided here and nowhere else. */
class ArchitectureTest {
  private static final String ROOT = "io.signalbox.server";
  private static final String PKI = "io.signalbox.pki";
  private static final String ACL = "io.signalbox.acl";

  /** Package to the sibling packages it may import; {@code pki} and {@code acl} are the modules. */
  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.ofEntries(
          entry("eventloop", Set.of()),
          entry("topic", Set.of()),
          entry("config", Set.of()),
          entry("metrics", Set.of()),
          entry("control", Set.of()),
          entry("principal", Set.of()),
          entry("packet", Set.of("topic")),
          entry("codec", Set.of("packet", "topic")),
          entry("routing", Set.of("codec", "packet", "topic", "config", "metrics")),
          entry(
              "store",
              Set.of("routing", "codec", "packet", "topic", "principal", "config", "metrics")),
          entry("retained", Set.of("routing", "store", "packet", "topic", "config", "metrics")),
          entry("trust", Set.of("principal", "config", "metrics", "pki")),
          entry("scram", Set.of("pki")),
          entry("registry", Set.of("store", "scram", "principal", "config", "metrics", "pki")),
          entry(
              "auth",
              Set.of(
                  "registry",
                  "trust",
                  "scram",
                  "principal",
                  "packet",
                  "topic",
                  "config",
                  "metrics",
                  "pki",
                  "acl")),
          entry("enrolment", Set.of("registry", "auth", "principal", "config", "metrics", "pki")),
          entry(
              "session",
              Set.of("routing", "store", "principal", "packet", "topic", "config", "metrics")),
          entry(
              "protocol",
              Set.of(
                  "session",
                  "retained",
                  "routing",
                  "auth",
                  "store",
                  "principal",
                  "packet",
                  "topic",
                  "config",
                  "metrics")),
          entry(
              "transport",
              Set.of(
                  "protocol",
                  "session",
                  "auth",
                  "routing",
                  "codec",
                  "principal",
                  "packet",
                  "topic",
                  "config",
                  "metrics",
                  "pki")),
          entry(
              "admin",
              Set.of(
                  "protocol",
                  "registry",
                  "auth",
                  "principal",
                  "packet",
                  "config",
                  "metrics",
                  "pki",
                  "acl")),
          entry("bench", Set.of("codec", "packet", "topic", "metrics")),
          entry(
              "cli", Set.of("config", "topic", "packet", "codec", "bench", "scram", "pki", "acl")));

  /** Imports nothing of ours, so anybody may import it. */
  private static final String FOR_ALL = "eventloop";

  /** Of the document's table of packages: the name in code, what it holds, what it may import. */
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([a-z]+)` \\| .* \\| ([a-z, -]+) \\|$");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void packagesImportOnlyWhatTheTableAllows() {
    MAY_IMPORT.forEach(
        (from, allowed) -> {
          for (String to : MAY_IMPORT.keySet()) {
            if (!to.equals(from) && !to.equals(FOR_ALL) && !allowed.contains(to)) {
              forbid(from, ROOT + "." + to);
            }
          }
          for (var module : Map.of("pki", PKI, "acl", ACL).entrySet()) {
            if (!allowed.contains(module.getKey())) {
              forbid(from, module.getValue());
            }
          }
        });
  }

  @Test
  void theTableIsThatOfTheDocument() throws Exception {
    Map<String, Set<String>> told = new TreeMap<>();
    Matcher row =
        ROW.matcher(
            Files.readString(Path.of("../ARCHITECTURE.md"))
                .split("(?m)^## Packages of `server`$", 2)[1]
                .split("(?m)^## ", 2)[0]);
    while (row.find()) {
      String imports = row.group(2).replace("acl-policies", "acl");
      told.put(
          row.group(1), imports.equals("-") ? Set.of() : Set.copyOf(List.of(imports.split(", "))));
    }
    assertEquals(new TreeMap<>(MAY_IMPORT), told);
  }

  private static void forbid(String from, String to) {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + from + "..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(to + "..")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void nobodyImportsTheRoot() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".*..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT)
        .check(CLASSES);
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void everySubPackageIsInTheTable() {
    var unknown = new TreeSet<String>();
    for (JavaClass type : CLASSES) {
      String name = type.getPackageName();
      if (name.startsWith(ROOT + ".")) {
        unknown.add(name.substring(ROOT.length() + 1).split("\\.", 2)[0]);
      }
    }
    assertTrue(unknown.contains("topic"), "the classes were not found");
    unknown.removeAll(MAY_IMPORT.keySet());
    assertEquals(Set.of(), unknown, "packages missing from the table");
  }

  @Test
  void namesSayWhatTheyAre() {
    List<String> suffixes =
        List.of("Impl", "Util", "Utils", "Helper", "Helpers", "Manager", "Managers");
    List<String> wrong =
        CLASSES.stream()
            .flatMap(c -> Stream.of(c.getSimpleName()))
            .filter(
                name ->
                    suffixes.stream().anyMatch(name::endsWith)
                        || name.matches("(Abstract|Base)[A-Z].*"))
            .sorted()
            .toList();
    assertEquals(List.of(), wrong, "a helper belongs to the type it serves");
  }

  @Test
  @Behaviour({312, 313})
  void onlyTheCommandsSpeakMqttAsAClient() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".bench..", ROOT + ".codec..")
        .should()
        .callMethodWhere(
            target(name("ofServerPackets")).and(target(owner(assignableTo(PacketDecoder.class)))))
        .because("there is no bridge and no cluster: a broker opens no MQTT connection")
        .check(CLASSES);
  }

  /** A package-info of every package says what lives there; NullAway only looks where it stands. */
  @Test
  void everyPackageIsNullMarked() {
    var unmarked = new TreeSet<String>();
    for (JavaClass type : CLASSES) {
      if (!type.getPackage().isAnnotatedWith("org.jspecify.annotations.NullMarked")) {
        unmarked.add(type.getPackageName());
      }
    }
    assertEquals(Set.of(), unmarked, "packages without @NullMarked");
  }
}
