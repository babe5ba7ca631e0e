"""An academic management system: institutions, classes, activities, notifications and e-mail."""
