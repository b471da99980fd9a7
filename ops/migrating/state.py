"""The models as migrations see them, rendered no more often than their SQL needs."""

from typing import cast

from django.db.migrations.state import ProjectState


class LeanState(ProjectState):
    """Django's state, which renders only the changed model again where Django may put its relations off.

    A constraint, an index, a trigger, or a column that refers to nothing leaves other tables as they are, but Django
    renders every model anew that is two relations away: with all tables tied to each other, most of the time of a
    migration. Until the relations count again the other models know an older class of the changed one. So whatever
    needs them all (`RunPython`, a change of a relation) gets them all rendered anew, as with Django's own delay.
    """

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:
        if "apps" not in self.__dict__:
            return
        if delay:
            self.is_delayed = True
            self._reload({(app_label, model_name)})  # type: ignore[attr-defined]
        elif self.is_delayed:
            self.clear_delayed_apps_cache()
        else:
            super().reload_model(app_label, model_name)

    def clear_delayed_apps_cache(self) -> None:
        super().clear_delayed_apps_cache()
        self.is_delayed = False

    def clone(self) -> "LeanState":
        return lean(super().clone())


def lean(state: ProjectState) -> LeanState:
    """The same state, which Django has made of its own class, as one of ours."""
    state.__class__ = LeanState
    return cast(LeanState, state)
