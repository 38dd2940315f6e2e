package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table of exit codes in the guide to policies, line by line. */
final class PolicyExitCodesTest {
  private static final String GOOD =
      """
      version: 1
      name: pump
      match: { group: pumps }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["${device.id}"] }
        - { id: data, effect: allow, actions: [publish], topics: ["pump/${device.id}/#"] }
      """;

  private static final String TEST =
      """
      version: 1
      principals: { p7: { device: { id: p7 }, groups: pumps } }
      cases:
        - { as: p7, connect: p7, expect: allow }
        - { as: p7, publish: pump/p7/x, expect: allow }
      """;

  @TempDir Path folder;

  private final Shell shell = new Shell();

  /** {@code good}, {@code wide} (allows all, its test fails), {@code broken}, {@code acl}. */
  @BeforeEach
  void write() throws Exception {
    write("good/pump.policy.yaml", GOOD);
    write("good/pump.test.yaml", TEST);
    write("wide/pump.policy.yaml", GOOD.replace("pump/${device.id}/#", "#"));
    write("wide/pump.test.yaml", TEST.replace("expect: allow", "expect: deny"));
    write("broken/x.policy.yaml", "version: 1\nname: x\nname: y\n");
    write("laid-out/pump.policy.yaml", GOOD);
    assertEquals(0, run("fmt laid-out"));
    write("good.acl", "user ann\ntopic read a/#\n");
    write("broken.acl", "user ann\nbogus line\n");
    write("no.jwt", "no token");
    write("no.pem", "no certificate");
  }

  private void write(String name, String text) throws Exception {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** Words that name a file of the folder stand for it. */
  private int run(String line) {
    String[] words =
        Arrays.stream(("policy " + line).split(" "))
            .map(word -> word.startsWith("@") ? folder.resolve(word.substring(1)).toString() : word)
            .map(
                word -> Files.exists(folder.resolve(word)) ? folder.resolve(word).toString() : word)
            .toArray(String[]::new);
    return shell.run(words);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | lint good",
        "1 | lint wide",
        "2 | lint --nonsense",
        "78 | lint broken",
        "78 | lint @nowhere",
        "0 | test good",
        "1 | test wide",
        "1 | test laid-out", // there is none
        "2 | test --nonsense",
        "78 | test broken",
        "78 | test @nowhere",
        "0 | explain publish pump/p7/x --as p7 --policies good",
        "1 | explain publish other --as p7 --policies good",
        "2 | explain publish other --as nobody --policies good",
        "2 | explain publish other --as {efect:x} --policies good",
        "2 | explain publish a/+ --as p7 --policies good",
        "2 | explain fly other --as p7 --policies good",
        "2 | explain publish other --cert no.pem --policies good",
        "2 | explain publish other --token-file no.jwt --policies good",
        "2 | explain publish other --policies good",
        "78 | explain publish other --as p7 --policies broken",
        "78 | explain publish other --as p7 --policies @nowhere",
        "0 | who-can publish pump/p7/x --policies good",
        "0 | who-can publish nobody/can --policies good",
        "2 | who-can publish a/+ --policies good",
        "2 | who-can",
        "78 | who-can publish x --policies broken",
        "78 | who-can publish x --policies @nowhere",
        "0 | what-can --as p7 --policies good",
        "2 | what-can --as nobody --policies good",
        "2 | what-can --cert @nowhere.pem --policies good",
        "2 | what-can --token-file @nowhere.jwt --policies good",
        "2 | what-can --policies good",
        "78 | what-can --as p7 --policies broken",
        "78 | what-can --as p7 --policies @nowhere",
        "0 | diff good good",
        "1 | diff good wide",
        "2 | diff good",
        "78 | diff good broken",
        "78 | diff @nowhere good",
        "0 | fmt laid-out --check",
        "1 | fmt good --check",
        "0 | fmt good",
        "2 | fmt --nonsense",
        "78 | fmt broken",
        "78 | fmt @nowhere",
        "0 | import-mosquitto-acl good.acl --out @made",
        "1 | import-mosquitto-acl broken.acl --out @made",
        "1 | import-mosquitto-acl @nowhere --out @made",
        "1 | import-mosquitto-acl good.acl --out good.acl",
        "2 | import-mosquitto-acl",
        "0 | schema",
        "2 | schema nonsense",
        "2 | nonsense",
      })
  void areAsTheGuideSays(int code, String line) {
    assertEquals(code, run(line), () -> line + "\n" + shell.out() + shell.err());
    if (code > 1) {
      assertEquals("", shell.out(), line);
      assertFalse(shell.err().isEmpty(), "says nothing");
    }
    assertFalse(shell.err().contains("internal error"), shell::err);
  }
}
