package dev.wireproof.api;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.wireproof.testkit.Shows;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;

/** A route that does not say who may call it fails the build. */
class RouteDeclarationTest {
    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.wireproof");

    private static final ArchCondition<JavaMethod> DECLARE = new ArchCondition<>("declare who may call them") {
        @Override
        public void check(JavaMethod method, ConditionEvents events) {
            RequestMapping route = AnnotatedElementUtils.findMergedAnnotation(method.reflect(), RequestMapping.class);
            if (route == null) {
                return;
            }
            RequiresRole role = method.reflect().getAnnotation(RequiresRole.class);
            boolean anyone = method.reflect().isAnnotationPresent(Anyone.class);
            boolean reads = Arrays.equals(route.method(), new RequestMethod[] {RequestMethod.GET});
            boolean declared = (role == null) == anyone
                    && (role == null || reads || !role.audit().isEmpty());
            events.add(new SimpleConditionEvent(
                    method,
                    declared,
                    method.getFullName() + " must declare a role, and an audit name when it changes something"));
        }
    };
    private static final ArchRule RULE = methods().should(DECLARE).allowEmptyShould(true);

    @Test
    @Shows("S2")
    void every_route_declares_who_may_call_it_and_what_the_audit_log_calls_it() {
        RULE.check(CODE);
        assertThat(CODE.stream()
                        .flatMap(type -> type.getMethods().stream())
                        .filter(method -> method.isAnnotatedWith(RequiresRole.class)))
                .hasSizeGreaterThan(15);
    }

    static class Forgotten {
        @GetMapping("/forgotten")
        void route() {}
    }

    @Test
    void the_rule_can_fail() {
        assertThatThrownBy(() -> RULE.check(new ClassFileImporter().importClasses(Forgotten.class)))
                .hasMessageContaining("must declare a role");
    }
}
