package io.signalbox.acl.proof;

import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a Client Identifier comes from. A client that must be allowed to connect has one that some
 * statement on CONNECT admits, made of that statement's text and variables; then {@code client.id}
 * is no variable of its own.
 *
 * @param clientId empty: any Client Identifier
 * @param demands what this identifier demands
 * @param formulas when the statement that admits it applies
 */
record Identity(Optional<Template> clientId, Demands demands, List<Formula> formulas) {
  private static final Attribute CLIENT_ID = new Attribute(Kind.CLIENT_ID);

  static final Identity ANY = new Identity(Optional.empty(), new Demands(), List.of());

  TopicTemplate in(TopicTemplate template) {
    return clientId
        .filter(Identity::isUsable)
        .map(id -> template.replacing(CLIENT_ID, id))
        .orElse(template);
  }

  Template in(Template template) {
    return clientId
        .filter(Identity::isUsable)
        .map(id -> template.replacing(CLIENT_ID, id))
        .orElse(template);
  }

  /** Whether a pattern with {@code client.id} resolves at all for such a client. */
  boolean resolves(TopicTemplate template) {
    return !template.variables().contains(CLIENT_ID)
        || clientId.isEmpty()
        || isUsable(clientId.get());
  }

  Candidate apply(Candidate candidate) {
    if (clientId.isEmpty()) {
      return candidate;
    }
    Map<Attribute, String> slots = candidate.slots();
    String id = clientId.get().substitute(slots);
    return new Candidate(candidate.subject().with().clientId(id).build(), slots);
  }

  private static boolean isUsable(Template id) {
    return id.parts().stream()
        .allMatch(part -> !(part instanceof Template.Literal(String text)) || Word.isUsable(text));
  }
}
