package io.signalbox.it.operation;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** The class files in the packaged jar are such that a class cache takes them. */
final class ClassFilesTest {
  private static final Path JAR = Path.of(System.getProperty("signalbox.jar"));

  /** Of the libraries that are published for Java 5; a release may move one to the second list. */
  private static final Set<String> OLD_LIBRARIES =
      Set.of("picocli/", "org/objectweb/asm/", "jnr/x86asm/");

  @Test
  void noneIsOlderThanStackMaps() throws IOException {
    var older = new TreeSet<String>();
    formats()
        .forEach(
            (name, format) -> {
              if (format < ClassFile.JAVA_6_VERSION) {
                older.add(name);
              }
            });
    assertEquals(Set.of(), older);
  }

  /** Linking verifies them; for these formats nothing but stack maps will do. */
  @Test
  void thoseThatTheBuildHasRewrittenAreVerified() throws Exception {
    Map<String, Integer> formats = formats();
    URL[] jar = {JAR.toUri().toURL()};
    try (var loader = new URLClassLoader(jar, ClassLoader.getPlatformClassLoader())) {
      for (String library : OLD_LIBRARIES) {
        int methods = 0;
        for (String name : formats.keySet()) {
          if (name.startsWith(library)) {
            assertTrue(formats.get(name) >= ClassFile.JAVA_7_VERSION, name);
            String type = name.substring(0, name.length() - ".class".length()).replace('/', '.');
            Class<?> loaded = Class.forName(type, false, loader);
            assertEquals(loader, loaded.getClassLoader());
            methods += loaded.getDeclaredMethods().length; // links it
          }
        }
        assertTrue(methods > 100, library + " in " + JAR + " has methods: " + methods);
      }
    }
  }

  @Test
  void whatIsBesideTheClassesIsThere() throws IOException {
    try (var jar = new JarFile(JAR.toFile())) {
      Attributes manifest = jar.getManifest().getMainAttributes();
      assertEquals("io.signalbox.server.Main", manifest.getValue("Main-Class"));
      assertEquals("java.base/java.nio.channels.spi", manifest.getValue("Add-Opens"));
      assertAll(
          Set.of(
                  "META-INF/NOTICE",
                  "META-INF/services/org.xnio.XnioProvider",
                  "META-INF/services/io.jsonwebtoken.io.Serializer")
              .stream()
              .map(name -> () -> assertTrue(jar.getEntry(name) != null, name)));
    }
  }

  /** Class file versions by the name of the entry, without those for other Java versions. */
  private static Map<String, Integer> formats() throws IOException {
    var formats = new TreeMap<String, Integer>();
    try (var jar = new JarFile(JAR.toFile())) {
      for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
        if (entry.getName().endsWith(".class")) {
          try (InputStream in = jar.getInputStream(entry)) {
            formats.put(entry.getName(), (int) ByteBuffer.wrap(in.readNBytes(8)).getShort(6));
          }
        }
      }
    }
    return formats;
  }
}
