package io.signalbox.it.operation;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.DiscontinuedInstruction.JsrInstruction;
import java.lang.classfile.instruction.DiscontinuedInstruction.RetInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code build-tools/StackMaps.java} does to a jar. */
final class StackMapsTest {
  private static final Path PROGRAM =
      Path.of(System.getProperty("signalbox.docs")).resolveSibling("build-tools/StackMaps.java");

  @TempDir Path folder;

  @Test
  void oldClassesGetStackMapsAndAllElseStays() throws Exception {
    Path jar = folder.resolve("some.jar");
    Map<String, byte[]> before = new LinkedHashMap<>();
    before.put("META-INF/MANIFEST.MF", text("Manifest-Version: 1.0\r\n\r\n"));
    before.put("META-INF/LICENSE", text("Do as you like.\n"));
    before.put("META-INF/services/java.lang.Runnable", text("Loop\n"));
    before.put("Loop.class", oldClass("Loop", StackMapsTest::countsToTen));
    before.put("Subroutine.class", oldClass("Subroutine", StackMapsTest::callsASubroutine));
    before.put("New.class", ownClass());
    write(jar, before);

    String said = run(jar, jar);

    assertTrue(said.startsWith("[WARNING] no stack maps for /Subroutine.class: "), said);
    assertEquals(1, said.lines().count(), said);
    Map<String, byte[]> after = read(jar);
    assertEquals(List.copyOf(before.keySet()), List.copyOf(after.keySet()));
    assertEquals(ClassFile.JAVA_7_VERSION, requireNonNull(after.get("Loop.class"))[7]);
    before.remove("Loop.class");
    before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name), name));
    URL[] urls = {jar.toUri().toURL()};
    try (var loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      assertEquals(10, loader.loadClass("Loop").getMethod("run").invoke(null));
      assertEquals(3, loader.loadClass("Subroutine").getMethod("run").invoke(null));
    }
  }

  @Test
  void aSecondRunChangesNothing() throws Exception {
    Path jar = folder.resolve("some.jar");
    write(jar, Map.of("Loop.class", oldClass("Loop", StackMapsTest::countsToTen)));
    assertEquals("", run(jar, jar));
    byte[] once = Files.readAllBytes(jar);

    assertEquals("", run(jar, jar));

    assertArrayEquals(once, Files.readAllBytes(jar));
  }

  /** A broker loads classes as long as it runs, and a command may build meanwhile. */
  @Test
  void aProgramThatRunsFromTheJarBeforeKeepsIt() throws Exception {
    Path made = folder.resolve("made.jar");
    Path jar = folder.resolve("some.jar");
    write(made, Map.of("new.txt", text("new")));
    write(jar, Map.of("old.txt", text("old")));
    try (var before = new JarFile(jar.toFile())) {

      assertEquals("", run(made, jar));

      try (InputStream old = before.getInputStream(before.getEntry("old.txt"))) {
        assertArrayEquals(text("old"), old.readAllBytes());
      }
    }
    assertEquals(Set.of("new.txt"), read(jar).keySet());
    assertFalse(Files.exists(made));
  }

  private static void countsToTen(CodeBuilder code) {
    Label again = code.newLabel();
    Label end = code.newLabel();
    code.iconst_0().istore(0);
    code.labelBinding(again).iload(0).bipush(10).if_icmpge(end);
    code.iinc(0, 1).goto_(again);
    code.labelBinding(end).iload(0).ireturn();
  }

  private static void callsASubroutine(CodeBuilder code) {
    Label subroutine = code.newLabel();
    code.with(JsrInstruction.of(subroutine)).iconst_3().ireturn();
    code.labelBinding(subroutine).storeLocal(TypeKind.REFERENCE, 1).with(RetInstruction.of(1));
  }

  /** A class as Java 5 compiled it, with {@code public static int run()}. */
  private static byte[] oldClass(String name, Consumer<CodeBuilder> code) {
    return ClassFile.of(ClassFile.StackMapsOption.DROP_STACK_MAPS)
        .build(
            ClassDesc.of(name),
            built ->
                built
                    .withVersion(ClassFile.JAVA_5_VERSION, 0)
                    .withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_SUPER)
                    .withMethodBody(
                        "run",
                        MethodTypeDesc.of(ConstantDescs.CD_int),
                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                        code));
  }

  private static byte[] ownClass() throws IOException {
    try (var in = StackMapsTest.class.getResourceAsStream("StackMapsTest.class")) {
      return in.readAllBytes();
    }
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void write(Path jar, Map<String, byte[]> entries) throws IOException {
    try (OutputStream file = Files.newOutputStream(jar);
        var zip = new ZipOutputStream(file)) {
      for (Map.Entry<String, byte[]> each : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(each.getKey()));
        zip.write(each.getValue());
      }
    }
  }

  private static Map<String, byte[]> read(Path jar) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (var zip = new ZipInputStream(Files.newInputStream(jar))) {
      for (ZipEntry each = zip.getNextEntry(); each != null; each = zip.getNextEntry()) {
        entries.put(each.getName(), zip.readAllBytes());
      }
    }
    return entries;
  }

  /** Returns what the program printed. */
  private String run(Path jar, Path place) throws IOException, InterruptedException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(java.toString(), PROGRAM.toString(), jar.toString(), place.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it ends");
      assertEquals(0, process.exitValue(), Files.readString(log));
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(log);
  }
}
