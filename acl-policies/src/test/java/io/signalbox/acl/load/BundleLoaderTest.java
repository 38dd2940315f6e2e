package io.signalbox.acl.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleLoaderTest {
  private static final String POLICY =
      """
      version: 1
      name: %s
      match: { everyone: true }
      statements:
        - { id: a, effect: allow, actions: [publish], topics: [%s] }
      """;

  @TempDir Path folder;

  @Test
  void readsPoliciesInEveryFormAndIgnoresTheRest() throws IOException {
    write("b.policy.yaml", POLICY.formatted("b", "b"));
    write("a.policy.yml", POLICY.formatted("a", "a"));
    write(
        "c.policy.json",
        "{\"version\":1,\"name\":\"c\",\"statements\":[{\"id\":\"a\",\"effect\":\"allow\",\"actions\":[\"publish\"],\"topics\":[\"c\"]}]}");
    write("notes.txt", "hello");
    write("x.yaml", "[");
    assertEquals(
        List.of("file:a", "file:b", "file:c"),
        load(new Problems()).orElseThrow().policies().stream().map(Policy::ref).toList());
  }

  @Test
  void reportsTheProblemsOfAllFilesAtOnce() throws IOException {
    write("a.policy.yaml", POLICY.formatted("same", "a").replace("effect", "efect"));
    write("b.policy.yaml", POLICY.formatted("same", "a/#/b"));
    Files.write(folder.resolve("c.policy.yaml"), new byte[] {(byte) 0xFF, (byte) 0xFE});
    write("d.test.yaml", "version: 1\n");
    Problems problems = new Problems();
    assertTrue(load(problems).isEmpty());
    assertEquals(5, problems.count(), problems::toString);
    assertTrue(problems.toString().contains("c.policy.yaml: the file is not UTF-8"));
    assertTrue(problems.toString().contains("b.policy.yaml:5:58"), problems::toString);
  }

  @Test
  void refusesNamesThatStandTwiceInOneNamespace() throws IOException {
    write("a.policy.yaml", POLICY.formatted("same", "a"));
    write("b.policy.yaml", POLICY.formatted("same", "b"));
    Problems problems = new Problems();
    assertTrue(load(problems).isEmpty());
    assertTrue(problems.toString().contains("the name \"same\" is taken"), problems::toString);
  }

  @Test
  void runsTheTestsBeforeAnythingGoesIntoForce() throws IOException {
    write("a.policy.yaml", POLICY.formatted("a", "a/#"));
    write(
        "a.test.yaml",
        """
        version: 1
        principals: { p: {} }
        cases:
          - { as: p, publish: a/b, expect: allow }
        invariants:
          - { noone: publish, topic: secret }
        """);
    assertTrue(load(new Problems()).isPresent());
    write("a.policy.yaml", POLICY.formatted("a", "x/#"));
    Problems problems = new Problems();
    assertTrue(load(problems).isEmpty());
    assertTrue(
        problems
            .toString()
            .contains("a.test.yaml:4:5: test failed: p publish \"a/b\": expected allow"),
        problems::toString);
  }

  @Test
  void refusesWhatCannotBeLookedAtInsteadOfLeavingItOut() throws IOException {
    write("a.policy.yaml", POLICY.formatted("a", "a"));
    write("elsewhere", POLICY.formatted("b", "b"));
    Files.createSymbolicLink(folder.resolve("b.policy.yaml"), Path.of("elsewhere"));
    Files.createSymbolicLink(folder.resolve(".#a.policy.yaml"), Path.of("me@here.1:2"));
    assertEquals(2, load(new Problems()).orElseThrow().policies().size());
    Files.createSymbolicLink(folder.resolve("c.policy.yaml"), Path.of("nowhere"));
    Files.createSymbolicLink(folder.resolve("d.test.yaml"), Path.of("d.test.yaml"));
    Files.createDirectory(folder.resolve("e.policy.yaml"));
    Problems problems = new Problems();
    assertTrue(load(problems).isEmpty());
    assertEquals(3, problems.count(), problems::toString);
    assertTrue(
        problems
            .toString()
            .contains("c.policy.yaml: the file cannot be looked at: NoSuchFile; mend its link"),
        problems::toString);
    assertTrue(problems.toString().contains("d.test.yaml: the file cannot"), problems::toString);
    assertTrue(
        problems.toString().contains("e.policy.yaml: this is no regular file"), problems::toString);
  }

  @Test
  void parsesOnlyWhatChanged() throws IOException {
    write("a.policy.yaml", POLICY.formatted("a", "a"));
    write("b.policy.yaml", POLICY.formatted("b", "b"));
    PolicyFolder reader = new PolicyFolder(folder, SourceLimits.DEFAULTS);
    List<Policy> before = reader.read(new Problems());
    write("b.policy.yaml", POLICY.formatted("b", "c"));
    List<Policy> after = reader.read(new Problems());
    assertSame(before.get(0), after.get(0));
    assertNotSame(before.get(1), after.get(1));
  }

  @Test
  void saysWhenThereIsNoFolder() {
    Problems problems = new Problems();
    BundleLoader loader = new BundleLoader(folder.resolve("none"), SourceLimits.DEFAULTS);
    assertTrue(loader.load(List.of(), List.of(), problems).isEmpty());
    assertTrue(
        problems.toString().contains("the folder cannot be read: NoSuchFile"), problems::toString);
  }

  private Optional<PolicyBundle> load(Problems problems) {
    return new BundleLoader(folder, SourceLimits.DEFAULTS).load(List.of(), List.of(), problems);
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text, StandardCharsets.UTF_8);
  }
}
