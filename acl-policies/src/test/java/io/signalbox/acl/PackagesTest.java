package io.signalbox.acl;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Holds the directions between the packages of this module. */
class PackagesTest {
  private static final String ROOT = "io.signalbox.acl";

  /** Package to the sibling packages it may import; the only place where directions are decided. */
  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.ofEntries(
          entry("filter", Set.of()),
          entry("source", Set.of()),
          entry("subject", Set.of()),
          entry("model", Set.of("source", "filter", "subject")),
          entry("parser", Set.of("source", "filter", "subject", "model")),
          entry("decision", Set.of("source", "filter", "subject", "model", "parser")),
          entry("load", Set.of("source", "model", "parser", "decision", "testing", "proof")),
          entry(
              "tool",
              Set.of(
                  "source",
                  "parser",
                  "model",
                  "subject",
                  "filter",
                  "decision",
                  "proof",
                  "testing")),
          entry("proof", Set.of("filter", "subject", "model", "decision")),
          entry(
              "testing",
              Set.of("source", "parser", "model", "subject", "filter", "decision", "proof")));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void packagesImportOnlyWhatTheTableAllows() {
    MAY_IMPORT.forEach(
        (from, allowed) ->
            MAY_IMPORT.keySet().stream()
                .filter(to -> !to.equals(from) && !allowed.contains(to))
                .forEach(
                    to ->
                        noClasses()
                            .that()
                            .resideInAPackage(ROOT + "." + from + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAPackage(ROOT + "." + to + "..")
                            .allowEmptyShould(true)
                            .check(CLASSES)));
  }

  @Test
  void everyPackageIsInTheTable() {
    Set<String> packages = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      if (!type.getPackageName().equals(ROOT)) {
        packages.add(type.getPackageName().substring(ROOT.length() + 1));
      }
    }
    assertEquals(new TreeSet<>(MAY_IMPORT.keySet()), packages);
  }

  @Test
  void packagesAreAcyclic() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void noSiblingModuleIsImported() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.signalbox.server..", "io.signalbox.pki..")
        .check(CLASSES);
  }

  @Test
  void namesSayWhatTheyAre() {
    noClasses()
        .should()
        .haveNameMatching(".*(Impl|Utils?|Helper|Manager)")
        .orShould()
        .haveNameMatching(".*\\.(Abstract|Base)[A-Z].*")
        .check(CLASSES);
  }
}
