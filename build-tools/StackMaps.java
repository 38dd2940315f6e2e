import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileBuilder;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;

/**
 * Gives the classes in a jar that were compiled for Java 5 or older what Java 7 asks of a class
 * file, stack maps, and moves it to its place: {@code java StackMaps.java JAR PLACE}. The JDK's
 * class cache refuses older ones, which then are parsed and verified at each start. Nothing else in
 * the jar changes, and a second run changes nothing. A class that has no such form (with
 * subroutines, or of a hierarchy that is not in the jar) stays as it is, with one line that says
 * so. A program that runs from the jar that was in the place keeps that one's file.
 */
final class StackMaps {
  /** The first format that the class cache takes. */
  private static final int CACHED_SINCE = ClassFile.JAVA_6_VERSION;

  /** The first format that is never verified without stack maps, so that a wrong one shows. */
  private static final int FORMAT = ClassFile.JAVA_7_VERSION;

  private final Path root;
  private final ClassFile classFiles;

  private StackMaps(Path root) {
    this.root = root;
    this.classFiles =
        ClassFile.of(
            ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(this::inJar)
                    .orElse(ClassHierarchyResolver.defaultResolver())
                    .cached()));
  }

  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[0]);
    try (FileSystem jar = FileSystems.newFileSystem(file)) {
      new StackMaps(jar.getPath("/")).rewriteAll();
    }
    Files.move(file, Path.of(args[1]), StandardCopyOption.ATOMIC_MOVE);
  }

  private void rewriteAll() throws IOException {
    List<Path> old;
    try (Stream<Path> files = Files.walk(root)) {
      old = files.filter(StackMaps::isOldClass).toList();
    }
    for (Path file : old) {
      byte[] rewritten;
      try {
        rewritten = rewritten(Files.readAllBytes(file));
      } catch (IllegalArgumentException | IllegalStateException e) {
        String reason =
            String.valueOf(e.getMessage()).lines().findFirst().orElse(""); // a listing follows
        System.out.println("[WARNING] no stack maps for " + file + ": " + reason);
        continue;
      }
      FileTime time = Files.getLastModifiedTime(file);
      Files.write(file, rewritten);
      Files.setLastModifiedTime(file, time); // builds of the same sources are the same
    }
  }

  private static boolean isOldClass(Path file) {
    if (!file.toString().endsWith(".class")) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return ByteBuffer.wrap(in.readNBytes(8)).getShort(6) < CACHED_SINCE;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] rewritten(byte[] bytes) {
    ClassModel old = classFiles.parse(bytes);
    // Code that is only copied would keep its old form, so each instruction passes a
    // transformation.
    ClassTransform code = ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL);
    return classFiles.transformClass(old, code.andThen(StackMaps::inNewFormat));
  }

  private static void inNewFormat(ClassFileBuilder<ClassElement, ?> built, ClassElement element) {
    built.with(element instanceof ClassFileVersion ? ClassFileVersion.of(FORMAT, 0) : element);
  }

  /** The class file of a type, null if the jar has none. */
  private InputStream inJar(ClassDesc type) {
    String descriptor = type.descriptorString(); // such as Ljava/lang/Object;
    Path file = root.resolve(descriptor.substring(1, descriptor.length() - 1) + ".class");
    try {
      return Files.exists(file) ? new ByteArrayInputStream(Files.readAllBytes(file)) : null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
