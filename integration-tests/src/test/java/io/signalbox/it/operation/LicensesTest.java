package io.signalbox.it.operation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/** The packaged jar names each library in it, with its licences and their texts. */
final class LicensesTest {
  private static final Path JAR = Path.of(System.getProperty("signalbox.jar"));

  /** Of an entry for another Java version, which is under the same licence. */
  private static final Pattern VERSION = Pattern.compile("META-INF/versions/\\d+/");

  /**
   * Libraries by where their classes and native code are. A row for each: code in the jar that is
   * in none of these folders fails the build, and so does a library that is named but not here.
   */
  private static final Map<String, Set<String>> LIBRARIES =
      Map.ofEntries(
          Map.entry("com/google/errorprone/", Set.of("error_prone_annotations")),
          Map.entry("com/google/gson/", Set.of("gson")),
          Map.entry("com/kenai/jffi/", Set.of("jffi")),
          Map.entry("com/kenai/jnr/x86asm/", Set.of("jnr-x86asm")),
          Map.entry("io/jsonwebtoken/", Set.of("jjwt-api", "jjwt-gson", "jjwt-impl")),
          Map.entry(
              "io/prometheus/metrics/",
              Set.of(
                  "prometheus-metrics-config",
                  "prometheus-metrics-exposition-textformats",
                  "prometheus-metrics-model")),
          Map.entry(
              "io/smallrye/common/",
              Set.of(
                  "smallrye-common-annotation",
                  "smallrye-common-constraint",
                  "smallrye-common-cpu",
                  "smallrye-common-function")),
          Map.entry("io/undertow/", Set.of("undertow-core")),
          Map.entry("jni/", Set.of("jffi")),
          Map.entry("jnr/a64asm/", Set.of("jnr-a64asm")),
          Map.entry("jnr/constants/", Set.of("jnr-constants")),
          Map.entry("jnr/ffi/", Set.of("jnr-ffi")),
          Map.entry("jnr/x86asm/", Set.of("jnr-x86asm")),
          Map.entry("org/HdrHistogram/", Set.of("HdrHistogram")),
          Map.entry(
              "org/bouncycastle/", Set.of("bcpkix-jdk18on", "bcprov-jdk18on", "bcutil-jdk18on")),
          Map.entry("org/jboss/logging/", Set.of("jboss-logging")),
          Map.entry("org/jboss/threads/", Set.of("jboss-threads")),
          Map.entry("org/jspecify/annotations/", Set.of("jspecify")),
          Map.entry("org/lmdbjava/", Set.of("lmdbjava", "native")),
          Map.entry(
              "org/objectweb/asm/",
              Set.of("asm", "asm-analysis", "asm-commons", "asm-tree", "asm-util")),
          Map.entry("org/snakeyaml/engine/", Set.of("snakeyaml-engine")),
          Map.entry("org/wildfly/client/config/", Set.of("wildfly-client-config")),
          Map.entry("org/wildfly/common/", Set.of("wildfly-common")),
          Map.entry("org/xnio/", Set.of("xnio-api", "xnio-nio")),
          Map.entry("picocli/", Set.of("picocli")));

  @Test
  void namesEachLibraryWithItsLicences() throws IOException {
    try (var jar = new JarFile(JAR.toFile())) {
      Map<String, String[]> named = named(jar);
      var expected = new TreeSet<String>();
      LIBRARIES.values().forEach(expected::addAll);
      assertEquals(expected, new TreeSet<>(named.keySet()));
      for (Map.Entry<String, String[]> library : named.entrySet()) {
        assertTrue(!library.getValue()[1].isBlank(), library.getKey());
        for (String file : library.getValue()[2].split(", ")) {
          String text = text(jar, "META-INF/licenses/" + file);
          assertTrue(text.length() > 1000, library.getKey() + " has a whole licence: " + text);
        }
      }
    }
  }

  @Test
  void allCodeIsOursOrOfALibraryThatIsNamed() throws IOException {
    try (var jar = new JarFile(JAR.toFile())) {
      var unknown = new TreeSet<String>();
      var seen = new TreeSet<String>();
      jar.stream()
          .map(entry -> VERSION.matcher(entry.getName()).replaceFirst(""))
          .filter(name -> name.matches(".*\\.(class|so|dll|jnilib|dylib|a)"))
          .filter(name -> !name.startsWith("io/signalbox/"))
          .forEach(
              name ->
                  LIBRARIES.keySet().stream()
                      .filter(name::startsWith)
                      .findFirst()
                      .ifPresentOrElse(seen::add, () -> unknown.add(name)));
      assertEquals(Set.of(), unknown);
      assertEquals(new TreeSet<>(LIBRARIES.keySet()), seen);
    }
  }

  @Test
  void holdsTheTextsOfTheLicences() throws IOException {
    try (var jar = new JarFile(JAR.toFile())) {
      Map<String, String[]> named = named(jar);
      Map.of(
              "undertow-core", "Version 2.0, January 2004",
              "jffi", "libffi - Copyright",
              "jnr-x86asm", "Petr Kobalicek",
              "asm", "INRIA, France Telecom",
              "bcprov-jdk18on", "Legion of the Bouncy Castle",
              "HdrHistogram", "Gil Tene",
              "native", "The OpenLDAP Public License")
          .forEach(
              (library, words) ->
                  assertTrue(
                      Arrays.stream(requireNonNull(named.get(library))[2].split(", "))
                          .anyMatch(file -> text(jar, "META-INF/licenses/" + file).contains(words)),
                      library));
    }
  }

  @Test
  void holdsTheLicencesOfWhatThePageIsMadeOf() throws IOException {
    try (var jar = new JarFile(JAR.toFile())) {
      String file = "io/signalbox/server/page/licenses.txt";
      assumeTrue(jar.getEntry(file) != null, "the jar was built without the page");
      String texts = text(jar, file);
      for (String name :
          Set.of("mqtt", "@babel/runtime", "@jspm/core", "esbuild-plugin-polyfill-node", "ws")) {
        assertTrue(texts.lines().anyMatch(name::equals), name);
      }
      assertTrue(texts.contains("Fatih Ayg\u00fcn"), "whose polyfills they are");
      assertTrue(texts.contains("Joyent"), "whose url is in @jspm/core");
      assertFalse(texts.contains("help-me"), "a package that MQTT.js has on the command line only");
    }
  }

  /** Coordinates, licences and files of texts by artifact. */
  private static Map<String, String[]> named(JarFile jar) {
    var named = new HashMap<String, String[]>();
    text(jar, "META-INF/THIRD-PARTY.txt")
        .lines()
        .filter(line -> line.contains(" | "))
        .map(line -> line.split(" \\| "))
        .forEach(columns -> named.put(columns[0].split(":")[1], columns));
    return named;
  }

  private static String text(JarFile jar, String name) {
    try (InputStream in = jar.getInputStream(assertEntry(jar, name))) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new AssertionError(name, e);
    }
  }

  private static ZipEntry assertEntry(JarFile jar, String name) {
    var entry = jar.getEntry(name);
    assertNotNull(entry, name);
    return entry;
  }
}
