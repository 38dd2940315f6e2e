import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * Collects the licences of the libraries that go into the jar: {@code java Licenses.java CLASSPATH
 * APACHE TEXTS OUTPUT}. {@code OUTPUT/THIRD-PARTY.txt} names each library with its version, the
 * licences of its POM and the files in {@code OUTPUT/licenses} that have their texts. A text comes
 * from the library's own jar, from {@code TEXTS/GROUP.ARTIFACT.txt} or {@code TEXTS/GROUP.txt} for
 * what the jar does not have, and from {@code APACHE} for the Apache License, under which this
 * project is as well. A library without any fails the build.
 */
final class Licenses {
  private static final String APACHE = "Apache-2.0.txt";

  private final Path texts;
  private final Path output;
  private final String apache;

  private Licenses(Path texts, Path output, String apache) {
    this.texts = texts;
    this.output = output;
    this.apache = apache;
  }

  public static void main(String[] args) throws Exception {
    Path output = Path.of(args[3]);
    Path folder = Files.createDirectories(output.resolve("licenses"));
    for (File old : folder.toFile().listFiles()) {
      Files.delete(old.toPath()); // of a library that has gone
    }
    Path license = Path.of(args[1]);
    Files.writeString(folder.resolve(APACHE), Files.readString(license));
    var licenses = new Licenses(Path.of(args[2]), folder, words(Files.readString(license)));
    var lines = new TreeSet<String>();
    for (String entry : args[0].split(File.pathSeparator)) {
      Path file = Path.of(entry);
      if (!Files.isDirectory(file) && !file.getFileName().toString().startsWith("signalbox-")) {
        lines.add(licenses.line(file));
      }
    }
    String head = "Libraries in this jar: name, licences, their texts in META-INF/licenses.";
    Files.writeString(
        output.resolve("THIRD-PARTY.txt"), head + "\n\n" + String.join("\n", lines) + "\n");
  }

  /** Where the jar is in a local repository, {@code group/artifact/version/}, says what it is. */
  private String line(Path jar) throws Exception {
    Path folder = jar.toAbsolutePath().getParent();
    String artifact = folder.getParent().getFileName().toString();
    String version = folder.getFileName().toString();
    Element pom = pom(folder.resolve(artifact + "-" + version + ".pom"));
    String group =
        child(pom, "groupId")
            .or(() -> element(pom, "parent").flatMap(parent -> child(parent, "groupId")))
            .orElseThrow();
    Path repository = folder.getParent().getParent();
    for (String _ : group.split("\\.")) {
      repository = repository.getParent();
    }
    String name = group + ":" + artifact + ":" + version;
    List<String> names = names(repository, pom);
    List<String> files = files(jar, group, artifact, names);
    if (files.isEmpty()) {
      throw new IllegalStateException(
          name
              + " ("
              + names
              + "): no licence text; put it into "
              + texts
              + "/"
              + group
              + "."
              + artifact
              + ".txt");
    }
    return name + " | " + String.join(" or ", names) + " | " + String.join(", ", files);
  }

  /** Of the POM or the nearest parent that has any. */
  private static List<String> names(Path repository, Element pom) throws Exception {
    var names = new ArrayList<String>();
    Optional<Element> licenses = element(pom, "licenses");
    if (licenses.isPresent()) {
      for (Node n = licenses.get().getFirstChild(); n != null; n = n.getNextSibling()) {
        if (n instanceof Element license) {
          names.add(child(license, "name").orElseThrow());
        }
      }
      return names;
    }
    Element parent =
        element(pom, "parent")
            .orElseThrow(() -> new IllegalStateException(pom.getBaseURI() + " names no licence"));
    String artifact = child(parent, "artifactId").orElseThrow();
    String version = child(parent, "version").orElseThrow();
    return names(
        repository,
        pom(
            repository
                .resolve(child(parent, "groupId").orElseThrow().replace('.', '/'))
                .resolve(artifact)
                .resolve(version)
                .resolve(artifact + "-" + version + ".pom")));
  }

  private List<String> files(Path jar, String group, String artifact, List<String> names)
      throws IOException {
    var files = new TreeSet<String>();
    if (names.stream().anyMatch(name -> name.contains("Apache"))) {
      files.add(APACHE);
    }
    var text = new StringBuilder();
    try (var in = new JarFile(jar.toFile())) {
      for (ZipEntry entry : in.stream().toList()) {
        if (isLicense(entry.getName())) {
          try (InputStream content = in.getInputStream(entry)) {
            String one = new String(content.readAllBytes(), StandardCharsets.UTF_8);
            if (words(one).equals(apache)) {
              files.add(APACHE);
            } else {
              text.append(one).append('\n');
            }
          }
        }
      }
    }
    for (String name : List.of(group + "." + artifact + ".txt", group + ".txt")) {
      Path ours = texts.resolve(name);
      if (Files.exists(ours)) {
        Files.copy(ours, output.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        files.add(name);
      }
    }
    if (!text.isEmpty()) {
      Files.writeString(output.resolve(group + "." + artifact + ".txt"), text);
      files.add(group + "." + artifact + ".txt");
    }
    return List.copyOf(files);
  }

  private static boolean isLicense(String entry) {
    String name = entry.toUpperCase(Locale.ROOT);
    return name.startsWith("META-INF/") && name.matches("[^/]*/[^/]*(LICEN[SC]E|COPYING)[^/]*");
  }

  private static String words(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }

  private static Element pom(Path file) throws Exception {
    return DocumentBuilderFactory.newDefaultInstance()
        .newDocumentBuilder()
        .parse(file.toFile())
        .getDocumentElement();
  }

  private static Optional<Element> element(Element in, String name) {
    for (Node n = in.getFirstChild(); n != null; n = n.getNextSibling()) {
      if (n instanceof Element element && element.getTagName().equals(name)) {
        return Optional.of(element);
      }
    }
    return Optional.empty();
  }

  private static Optional<String> child(Element in, String name) {
    return element(in, name).map(found -> found.getTextContent().strip());
  }
}
