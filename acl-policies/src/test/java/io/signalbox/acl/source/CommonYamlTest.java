package io.signalbox.acl.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.load.ShippedPolicies;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The quick reader against the library, node by node with every position. */
class CommonYamlTest {
  /** More for a long search: {@code -Dsignalbox.yaml.rounds=10000000}. */
  private static final int ROUNDS = Integer.getInteger("signalbox.yaml.rounds", 20_000);

  private static final SourceLimits LIMITS = new SourceLimits(100_000, 6, 1_000);

  /** What is common, each form at least once. */
  private static final List<String> COMMON =
      List.of(
          ShippedPolicies.text("devices.policy.yaml"),
          ShippedPolicies.text("devices.test.yaml"),
          ShippedPolicies.text("browsers.policy.yaml"),
          """
          # head
          ---
          version: 1
          name: "pump" # beside

          match:
            any:
              - cert: { ca: factory-ca, uriSan: 'spiffe://acme.example/pump/*' }
              - group: pumps
            not:
            - user: ü.müller
          statements:
            -
              id: a-b
              topics: [ "a/#", b/+/c , $SYS/x,
                d,  # one more
              ]
              where: { maxQos: 1,
                       maxPayload: 64KiB }
            - - nested
              - [[], {}, [{ a : b }]]
          empty: {}
          text: with spaces, a#b, http://x:1 [y] {z}
          below:
            on its own line
          date: 2026-11-28
          "quoted key": 'it is'
          last: ~\
          """,
          "just one text",
          "- a\n- b\n",
          "[a, b]",
          "{ a: [b, -1, -x, .5] }");

  /**
   * Pieces that random documents and changes are made of: each indicator, and what it goes with.
   */
  private static final String[] PIECES = {
    "a",
    "b",
    "a: ",
    "b: ",
    "c:",
    ": ",
    ":",
    "- ",
    "-",
    "\n",
    "\n  ",
    "\n    ",
    " ",
    "  ",
    "#",
    " # ",
    "'",
    "\"",
    "'x'",
    "\"y\"",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ",",
    "[a, b]",
    "{ a: b }",
    "?",
    "? ",
    "&",
    "*",
    "!",
    "|",
    ">",
    "|-\n",
    ">\n  ",
    ">-\n    ",
    "%",
    "@",
    "`",
    "---",
    "---\n",
    "...",
    "...\n",
    "<<",
    "~",
    "1",
    "-1",
    "0x1",
    ".",
    "true",
    "no",
    "null",
    "2026-01-01",
    "\t",
    "\r",
    "\r\n",
    "\u00fc",
    "\u0085",
    "\u00a0",
    "\u2028",
    "\ufeff",
    "\ud83d\ude00",
    "\\",
    "$",
    "${x}",
    "=",
    "\0",
    "\u0007",
    "x y",
    "a:b",
    "''"
  };

  private final Random random = new Random(20_261_128);
  private int accepted;

  @Test
  @DisplayName("What is common is read quickly, and as the library reads it")
  void readsWhatIsCommon() {
    for (String text : COMMON) {
      assertTrue(agrees(text), text);
    }
  }

  @Test
  @DisplayName("Whatever documents hold: what is read quickly is what the library reads")
  void agreesOnRandomDocuments() {
    for (int i = 0; i < ROUNDS; i++) {
      StringBuilder text = new StringBuilder();
      for (int pieces = 1 + random.nextInt(24); pieces > 0; pieces--) {
        text.append(piece());
      }
      agrees(text.toString());
    }
    assertTrue(accepted > ROUNDS / 100, "only " + accepted + " were read quickly");
  }

  @Test
  @DisplayName("Whatever is changed in a document: what is read quickly is what the library reads")
  void agreesOnChangedDocuments() {
    for (int i = 0; i < ROUNDS; i++) {
      StringBuilder text = new StringBuilder(COMMON.get(random.nextInt(COMMON.size())));
      for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
        int from = random.nextInt(text.length() + 1);
        int to = Math.min(text.length(), from + random.nextInt(4));
        text.replace(from, to, random.nextInt(4) == 0 ? "" : piece());
      }
      agrees(text.toString());
    }
    assertTrue(accepted > ROUNDS / 10, "only " + accepted + " were read quickly");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: b\na: c\n", // twice
        "a: [[[[[[[[1]]]]]]]]\n", // too deep
        "a: &x b\n",
        "a: |\n  b",
        "a: |\n  b\n\n  c\n",
        "a: |2\n  b\n",
        "a: >+\n  b\n",
        "a: |\n  b\n    c\n",
        "a: |\nb: c\n",
        "a: b\n c\n",
        "? a\n: b\n",
        "a: !!str b\n",
        "a: \"\\n\"\n",
        "a: 'it''s'\n",
        "a:\n",
        "a: b\n---\nc: d\n",
        "",
        "# nothing"
      })
  @DisplayName("What is not common, and every fault, is left to the library")
  void givesUp(String text) {
    assertEquals(Optional.empty(), CommonYaml.read("f", text, LIMITS));
  }

  @Test
  @DisplayName("A key that is too long for one line of YAML is left to the library")
  void leavesLongKeys() {
    String text = "{ " + "k".repeat(1_100) + ": v }";
    assertEquals(Optional.empty(), CommonYaml.read("f", text, LIMITS));
    assertNotEquals(
        Optional.empty(), CommonYaml.read("f", "{ " + "k".repeat(500) + ": v }", LIMITS));
  }

  /**
   * @return whether it was read quickly; it fails when the library reads it differently
   */
  private boolean agrees(String text) {
    Optional<Node> quick = CommonYaml.read("f", text, LIMITS);
    if (quick.isEmpty()) {
      return false;
    }
    accepted++;
    Problems problems = new Problems();
    List<Node> full = new ArrayList<>();
    try {
      full.add(new YamlSource("f", text, new NodeBuilder(LIMITS, problems)).read());
    } catch (SourceException e) {
      problems.add(e.position(), String.valueOf(e.getMessage()));
    }
    assertEquals("", problems.toString(), text);
    assertEquals(full, List.of(quick.get()), text);
    return true;
  }

  private String piece() {
    return PIECES[random.nextInt(PIECES.length)];
  }
}
