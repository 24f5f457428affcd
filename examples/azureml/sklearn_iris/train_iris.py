"""A training script of the SDK's version 1: a support vector machine on iris."""

import argparse
import os

import joblib
from azureml.core.run import Run
from sklearn import datasets
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

run = Run.get_context()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", type=str, default="linear", help="Kernel of the machine")
    parser.add_argument("--penalty", type=float, default=1.0, help="Penalty of the error term")
    args = parser.parse_args()
    run.log("Kernel type", str(args.kernel))
    run.log("Penalty", float(args.penalty))

    features, labels = datasets.load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(features, labels, random_state=0)
    model = SVC(kernel=args.kernel, C=args.penalty, gamma="scale").fit(x_train, y_train)
    accuracy = model.score(x_test, y_test)
    print(f"Accuracy of SVM classifier on test set: {accuracy:.2f}")
    run.log("Accuracy", float(accuracy))
    matrix = confusion_matrix(y_test, model.predict(x_test))
    run.log_confusion_matrix(
        "Confusion matrix",
        {
            "schema_type": "confusion_matrix",
            "schema_version": "1.0.0",
            "data": {"class_labels": ["0", "1", "2"], "matrix": matrix.tolist()},
        },
    )
    os.makedirs("outputs", exist_ok=True)
    joblib.dump(model, "outputs/model.joblib")


if __name__ == "__main__":
    main()
