package io.signalbox.it.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.Annotation;
import java.lang.classfile.AnnotationElement;
import java.lang.classfile.AnnotationValue;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What tests say they prove, read from class files: those of another module need not be on the
 * class path for it.
 */
final class AnnotatedTests {
  /** Simple names of annotations that make a method a test, of every engine in use. */
  private static final Set<String> TEST =
      Set.of("Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "Property", "FuzzTest");

  /** How their names begin, whatever the condition is. */
  private static final List<String> SWITCHES = List.of("Disabled", "EnabledIf");

  /** Key of a statement, see {@link Statement#key}, to names of tests. */
  private final TreeMap<String, SortedSet<String>> byStatement = new TreeMap<>();

  private final TreeMap<Integer, SortedSet<String>> byBehaviour = new TreeMap<>();

  /** Annotated methods that are no tests, and the like. */
  private final List<String> problems = new ArrayList<>();

  static AnnotatedTests in(List<Path> folders) {
    var found = new AnnotatedTests();
    for (Path folder : folders) {
      if (!Files.isDirectory(folder)) {
        throw new IllegalStateException("no compiled tests in " + folder + "; run mvn verify");
      }
      try (Stream<Path> files = Files.walk(folder)) {
        files.filter(file -> file.toString().endsWith(".class")).sorted().forEach(found::read);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return found;
  }

  SortedSet<String> statements() {
    return byStatement.navigableKeySet();
  }

  /** Names as {@code Class.method}, or the class alone where the whole of it is annotated. */
  SortedSet<String> of(Statement statement) {
    return byStatement.getOrDefault(statement.key(), new TreeSet<>());
  }

  SortedSet<Integer> behaviours() {
    return byBehaviour.navigableKeySet();
  }

  List<String> problems() {
    return problems;
  }

  private void read(Path file) {
    ClassModel model;
    try {
      model = ClassFile.of().parse(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String internal = model.thisClass().asInternalName();
    String name = internal.substring(internal.lastIndexOf('/') + 1).replace('$', '.');
    add(model, name);
    if (isSwitchedOff(model)) {
      problems.add(name + " is disabled");
    }
    for (MethodModel method : model.methods()) {
      String test = name + "." + method.methodName().stringValue();
      if (add(method, test)
          && annotations(method).stream().noneMatch(a -> TEST.contains(simpleName(a)))) {
        problems.add(test + " says what it proves but is no test");
      }
      if (isSwitchedOff(method)) {
        problems.add(test + " is disabled");
      }
    }
  }

  private static boolean isSwitchedOff(AttributedElement element) {
    return annotations(element).stream()
        .map(AnnotatedTests::simpleName)
        .anyMatch(name -> SWITCHES.stream().anyMatch(name::startsWith));
  }

  /** Whether the element says that it proves something. */
  private boolean add(AttributedElement element, String test) {
    boolean found = false;
    for (Annotation annotation : annotations(element)) {
      switch (simpleName(annotation)) {
        case "Spec" -> {
          found = true;
          for (AnnotationElement part : annotation.elements()) {
            // The unit tests of the server have one annotation for both versions.
            String version = part.name().equalsString("v3") ? "3.1.1" : "5.0";
            texts(part.value()).forEach(id -> addStatement(version, id, test));
          }
        }
        case "Spec3" -> {
          found = true;
          for (AnnotationElement part : annotation.elements()) {
            texts(part.value()).forEach(id -> addStatement("3.1.1", id, test));
          }
        }
        case "Behaviour" -> {
          found = true;
          for (AnnotationElement part : annotation.elements()) {
            numbers(part.value())
                .forEach(
                    number -> byBehaviour.computeIfAbsent(number, _ -> new TreeSet<>()).add(test));
          }
        }
        default -> {}
      }
    }
    return found;
  }

  private void addStatement(String version, String id, String test) {
    byStatement.computeIfAbsent(Statement.key(version, id), _ -> new TreeSet<>()).add(test);
  }

  private static List<Annotation> annotations(AttributedElement element) {
    return element
        .findAttribute(Attributes.runtimeVisibleAnnotations())
        .map(attribute -> attribute.annotations())
        .orElse(List.of());
  }

  private static String simpleName(Annotation annotation) {
    String descriptor = annotation.classSymbol().descriptorString();
    return descriptor.substring(descriptor.lastIndexOf('/') + 1, descriptor.length() - 1);
  }

  private static List<String> texts(AnnotationValue value) {
    return switch (value) {
      case AnnotationValue.OfString text -> List.of(text.stringValue());
      case AnnotationValue.OfArray array ->
          array.values().stream().flatMap(one -> texts(one).stream()).toList();
      default -> List.of();
    };
  }

  private static List<Integer> numbers(AnnotationValue value) {
    return switch (value) {
      case AnnotationValue.OfInt number -> List.of(number.intValue());
      case AnnotationValue.OfArray array ->
          array.values().stream().flatMap(one -> numbers(one).stream()).toList();
      default -> List.of();
    };
  }
}
