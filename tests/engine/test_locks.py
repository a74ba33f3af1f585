def test_a_new_plate_takes_one_lock_however_many_wells_it_has(tmp_path, monkeypatch):
    import numpy as np

    import omezarr
    from omezarr.engine import execution, steps

    taken = []

    def counted(original):
        def lock(target, name, **given):
            taken.append(name)
            return original(target, name, **given)

        return lock

    for module in (execution, steps):
        monkeypatch.setattr(module, "locked", counted(module.locked))
    field = np.zeros((8, 8), "uint8")
    omezarr.write_plate(tmp_path / "p.zarr", {"A/1": field, "A/2": field, "B/1": [field, field]}, axes="yx")
    assert taken == [".omezarr/plan.lock"]
    omezarr.write_field(tmp_path / "p.zarr", "B/2", field, axes="yx")
    assert taken == [".omezarr/plan.lock", ".omezarr/plan.lock", ".omezarr/edit.lock", ".omezarr/edit.lock"]
