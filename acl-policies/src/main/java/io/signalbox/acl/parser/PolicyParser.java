package io.signalbox.acl.parser;

import io.signalbox.acl.model.Mode;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.source.Documents;
import io.signalbox.acl.source.Node;
import io.signalbox.acl.source.Node.ListNode;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Text or nodes to a {@link Policy}. */
public final class PolicyParser {
  /** Keys of a policy, in the order in which the formatter writes them. */
  public static final List<String> KEYS =
      List.of(
          "version",
          "name",
          "description",
          "mode",
          "replaces",
          "match",
          "onDenied",
          "onRevoke",
          "statements");

  /** Names of policies and statements: what fits a file name, a URL and a log line. */
  public static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private static final int NAME_LENGTH_MAX = 128;

  private PolicyParser() {}

  /**
   * Reads one policy.
   *
   * @param namespace for its {@link Policy#ref()}
   * @param file for messages; its ending decides between JSON and YAML
   * @return empty when {@code problems} grew
   */
  public static Optional<Policy> parse(
      String namespace, String file, String text, SourceLimits limits, Problems problems) {
    int before = problems.count();
    return Documents.read(file, text, limits, problems)
        .flatMap(node -> parse(namespace, node, problems))
        .filter(_ -> problems.count() == before); // what stands twice is a problem of reading
  }

  /** As above, of a document that is already read. */
  public static Optional<Policy> parse(String namespace, Node root, Problems problems) {
    int before = problems.count();
    Optional<MapReader> map = MapReader.of(root, "a policy", KEYS, problems);
    if (map.isEmpty()) {
      return Optional.empty();
    }
    MapReader reader = map.get();
    if (reader.required("version").isPresent()) {
      reader.integer("version", 1, 1);
    }
    String name = reader.required("name").isPresent() ? reader.text("name").orElse("?") : "?";
    checkName(reader.position("name"), "the name of a policy", name, problems);
    Mode mode = reader.word("mode", Words.MODES).orElse(Mode.ENFORCE);
    if (mode == Mode.ENFORCE && reader.has("replaces")) {
      problems.add(
          reader.position("replaces"), "\"replaces\" is for a policy with \"mode: observe\"");
    }
    Policy policy =
        new Policy(
            reader.position(),
            namespace,
            name,
            reader.text("description").orElse(""),
            mode,
            reader.text("replaces"),
            reader.node("match").flatMap(node -> MatchParser.parse(node, problems)),
            reader.word("onDenied", Words.ON_DENIED),
            reader.word("onRevoke", Words.ON_REVOKE),
            statements(reader, problems));
    return problems.count() == before ? Optional.of(policy) : Optional.empty();
  }

  /**
   * The statements of a token's {@code acl} claim: a list as under {@code statements}, ids
   * optional.
   *
   * @return empty when {@code problems} grew
   */
  public static Optional<Policy> parseClaim(Node claim, Problems problems) {
    int before = problems.count();
    if (!(claim instanceof ListNode list)) {
      problems.add(claim.position(), "the acl claim is a list of statements");
      return Optional.empty();
    }
    List<Statement> statements = new ArrayList<>();
    for (Node item : list.items()) {
      String id = Integer.toString(statements.size() + 1);
      new StatementParser(problems, Optional.of(id)).parse(item).ifPresent(statements::add);
    }
    Policy policy =
        new Policy(
            claim.position(),
            "token",
            "acl",
            "",
            Mode.ENFORCE,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            statements);
    return problems.count() == before ? Optional.of(policy) : Optional.empty();
  }

  private static List<Statement> statements(MapReader reader, Problems problems) {
    List<Statement> statements = new ArrayList<>();
    Map<String, Position> ids = new HashMap<>();
    Optional<Node> node = reader.required("statements");
    if (node.isPresent() && !(node.get() instanceof ListNode)) {
      problems.add(node.get().position(), "\"statements\" is a list, this is " + node.get().kind());
      return statements;
    }
    StatementParser parser = new StatementParser(problems, Optional.empty());
    for (Node item : reader.items("statements")) {
      Optional<Statement> statement = parser.parse(item);
      if (statement.isPresent()) {
        Position first = ids.putIfAbsent(statement.get().id(), item.position());
        if (first != null) {
          problems.add(
              item.position(),
              "statement id \"%s\" is taken by the statement in line %d"
                  .formatted(statement.get().id(), first.line()));
        }
        statements.add(statement.get());
      }
    }
    return statements;
  }

  /** Whether {@link #NAME} matches, for a fraction of the time. */
  static boolean isName(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean letterOrDigit =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!letterOrDigit && (i == 0 || (c != '.' && c != '_' && c != '-'))) {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= NAME_LENGTH_MAX;
  }

  static void checkName(Position position, String what, String name, Problems problems) {
    if (!name.equals("?") && !isName(name)) {
      problems.add(
          position,
          "%s has 1 to 128 letters, digits, \".\", \"_\" and \"-\", and \"%s\" does not fit"
              .formatted(what, name));
    }
  }
}
